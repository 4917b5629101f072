"""`snncc import`: what it writes and says, and wrong usage."""

from __future__ import annotations

import pytest
from nir_files import write_nir
from nir_nodes import chain, f32, inp, out

import snncc.runtime.importing
from snncc.frontend.nir.reader import read_graph


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(snncc.runtime.importing, "read_nir", read_graph)


@pytest.fixture
def path(tmp_path):
    spiking = {"type": "IF", "r": f32([1, 1]), "v_threshold": f32([1, 2])}
    nodes = {"input": inp(2), "if": spiking, "output": out(2)}
    return write_nir(tmp_path / "net.nir", nodes, chain(nodes))


def test_the_program_runs_and_the_document_says_what_decided(snncc, answer, path) -> None:
    said = ("--dt", 1e-3, "--reset", "subtract", "--discretize", "euler")
    (found,) = answer("import", path, "-o", "made.snn", *said)
    assert found["imported"] == "made.snn"
    assert found["weights_file"] == "made.safetensors"
    assert found["version"] == "1.0.8"
    assert (found["nodes"], found["populations"], found["projections"]) == (3, 2, 1)
    rows = {row["name"]: (row["value"], row["how"]) for row in found["decisions"]}
    assert rows["dt"] == (1e-3, "given")
    assert rows["reset"] == ("subtract", "given")
    assert rows["gain"] == ("step", "inferred")
    assert rows["recurrent delay"] == (1, "default")
    assert snncc("check", "made.snn")[0] == 0


def test_explain_prints_the_decisions(snncc, path) -> None:
    said = ("--dt", 1e-3, "--reset", "zero", "--discretize", "euler")
    status, printed, _ = snncc("import", path, "-o", "made.snn", *said, "--explain")
    assert status == 0
    assert "reset = zero  (given: --reset)" in printed
    assert "explain" not in snncc("import", path, "-o", "made.snn", *said)[1]


def test_what_is_open_is_asked_for(snncc, path, tmp_path) -> None:
    status, _, errors = snncc("import", path, "-o", "made.snn")
    assert status == 1
    assert "E092" in errors
    assert "--reset" in errors
    assert not (tmp_path / "made.snn").exists()


def test_several_spikes_and_a_floor(snncc, answer, path, tmp_path) -> None:
    said = ("--dt", 1e-3, "--reset", "subtract", "--discretize", "euler")
    said += ("--spikes-per-step", 3, "--membrane-floor=-0.5")
    (found,) = answer("import", path, "-o", "made.snn", *said)
    rows = {row["name"]: (row["value"], row["how"]) for row in found["decisions"]}
    assert rows["spikes per step"] == (3, "given")
    assert rows["membrane floor"] == (-0.5, "given")
    text = (tmp_path / "made.snn").read_text()
    assert "v = max(v, -0.5)" in text
    assert "emit n" in text
    assert snncc("check", "made.snn")[0] == 0


def test_repairs_are_asked_for_and_told(snncc, answer, tmp_path) -> None:
    spiking = {"type": "IF", "r": f32([1, 1]), "v_threshold": f32([1, 2])}
    nodes = {"input": inp(2), "cell.if": spiking, "output": out(2)}
    path = write_nir(tmp_path / "half.nir", nodes, [("input", "cell"), ("cell.if", "output")])
    said = ("import", path, "-o", "made.snn", "--dt", 1e-3, "--reset", "zero")
    status, _, errors = snncc(*said, "--discretize", "euler")
    assert status == 1
    assert "no node `cell`" in errors
    assert "say `--repair`: `input` -> `cell` is `input` -> `cell.if`" in errors
    assert not (tmp_path / "made.snn").exists()
    (found,) = answer(*said, "--discretize", "euler", "--repair")
    (repair,) = found["repairs"]
    assert repair.startswith("`input` -> `cell` is `input` -> `cell.if` (")
    assert f"#   repaired: {repair}\n" in (tmp_path / "made.snn").read_text()
    assert f"repaired: {repair}" in snncc(*said, "--discretize", "euler", "--repair")[1]


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "made.txt"),
        ("-o", 'ma"de.snn'),
        ("-o", "made.snn", "--dt", "0"),
        ("-o", "made.snn", "--reset", "hard"),
        ("-o", "made.snn", "--recurrent-delay", "0"),
        ("-o", "made.snn", "--spikes-per-step", "0"),
        ("-o", "made.snn", "--membrane-floor", "0.5"),
        ("-o", "made.snn", "--membrane-floor=-inf"),
        (),
    ],
)
def test_wrong_usage(snncc, path, words) -> None:
    assert snncc("import", path, *words)[0] == 2
