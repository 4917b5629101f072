"""`snncc train --qat`: what it asks for, keeps, and does after a warm-up."""

import json
from dataclasses import replace

import pytest

from snncc.backends.artifact.model import open_model
from snncc.backends.targets import TARGETS
from snncc.runtime.training import loop
from snncc.runtime.training.history import read_history

pytestmark = pytest.mark.usefixtures("perceptron_target")

SHORT = ("--limit", 100, "--test-limit", 40)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bits", 4), "no integers unless --qat"),
        (("--round", "floor"), "Invalid value for --round"),
        (("--qat", "--from", "a", "--scale", "neurons"), "did you mean `neuron`?"),
        (("--qat",), "needs --from or --warm-up"),
        (("--warm-up", 2), "no integers unless --qat"),
        (("--scales", "learnt"), "no integers unless --qat"),
        (("--qat", "--from", "a", "--bits", 17), "less than or equal to 16"),
        (("--resume", "--out", "a", "--qat"), "takes no --qat"),
    ],
)
def test_what_training_of_integers_needs(snncc, tiny, words, said):
    assert snncc("train", tiny, "--out", "a", *SHORT)[0] == 0
    status, _, err = snncc("train", tiny, *words)
    assert status == 2
    assert said in " ".join(err.split())


def test_a_target_that_cannot_run_integers_in_training_says_so(snncc, tiny, tmp_path):
    assert snncc("train", tiny, "--out", "a", *SHORT)[0] == 0
    status, _, err = snncc("train", tiny, "--qat", "--from", "a", "--out", "b")
    assert status == 1
    assert "cannot train by what the integers of a network do" in err
    assert not (tmp_path / "b").exists() or not list((tmp_path / "b").glob("*.snnpkg"))


@pytest.fixture
def aware(monkeypatch):
    """Integers may run in training, of which the learner here takes no notice."""
    row = TARGETS["cpu"]
    monkeypatch.setitem(TARGETS, "cpu", replace(row, aware=lambda model, *_: row.train(model)))


def test_training_of_integers_keeps_integers(snncc, tiny, tmp_path, aware):
    assert snncc("train", tiny, "--out", "a", *SHORT)[0] == 0
    assert snncc("train", tiny, "--qat", "--bits", 4, "--from", "a", "--out", "b", *SHORT)[0] == 0
    for name in ("model", "last"):
        model = open_model(tmp_path / "b" / f"{name}.snnpkg").model
        assert model.graph.semantics.integers == 1
        assert abs(model.weights("image->digit")).max() == 7
    assert (
        json.loads((tmp_path / "b" / "run.json").read_text())["options"]["deployment"]["bits"] == 4
    )


WARM = ("--qat", "--bits", 4, "--warm-up", 2, "--epochs", 4, *SHORT)


def test_integers_take_over_after_a_warm_up(snncc, tiny, tmp_path, aware):
    assert snncc("train", tiny, *WARM, "--out", "a")[0] == 0
    assert snncc("train", tiny, "--epochs", 2, *SHORT, "--out", "f")[0] == 0
    history = read_history(tmp_path / "a" / "history.jsonl")
    assert [r.phase for r in history] == ["floats", "floats", "integers", "integers"]
    warm = open_model(tmp_path / "a" / "warm.snnpkg").model
    floats = open_model(tmp_path / "f" / "last.snnpkg").model
    assert (warm.weights("image->digit") == floats.weights("image->digit")).all()
    for name in ("model", "last"):
        model = open_model(tmp_path / "a" / f"{name}.snnpkg").model
        assert model.graph.semantics.integers == 1
    said = json.loads((tmp_path / "a" / "run.json").read_text())["options"]
    assert said["warm_up"] == 2
    assert snncc("train", tiny, "--out", "a", *SHORT, "--overwrite")[0] == 0
    assert not (tmp_path / "a" / "warm.snnpkg").exists()


@pytest.mark.parametrize("call", [8, 9, 14])
def test_a_stop_on_either_side_of_the_turn_changes_no_bit(
    snncc, tiny, tmp_path, aware, monkeypatch, stopping, call
):
    monkeypatch.setattr(loop, "_piece", lambda *_: 25)  # four calls an epoch
    assert snncc("train", tiny, *WARM, "--out", "a")[0] == 0
    stopping(call)
    assert snncc("train", tiny, *WARM, "--out", "b")[0] == 130
    assert snncc("train", "--resume", "--out", "b")[0] == 0
    for name in ("model", "last", "warm"):
        one, other = (tmp_path / run / f"{name}.snnpkg" for run in "ab")
        assert one.read_bytes() == other.read_bytes(), name
    histories = [read_history(tmp_path / run / "history.jsonl") for run in "ab"]
    timeless = [[(r.phase, r.cost, r.test_accuracy) for r in each] for each in histories]
    assert timeless[0] == timeless[1]


def test_a_warm_up_of_the_whole_training(snncc, tiny, aware):
    status, _, err = snncc("train", tiny, *WARM, "--epochs", 2)
    assert (status, "error[E051]: integers take over after 2 epochs" in err) == (1, True)


def test_what_has_no_integers_is_refused_before_it_is_warm(snncc, tiny, aware):
    tiny.write_text(tiny.read_text().replace("lif", "izhikevich"))
    status, _, err = snncc("train", tiny, *WARM, "--calibrate", 0)
    assert (status, "error[E080]" in err) == (1, True)


def test_units_that_are_left_out_are_refused_before_anything_is_learnt(
    snncc, tiny, tmp_path, aware
):
    text = tiny.read_text().replace("image -> digit", "image -> h : dense\n  h -> digit")
    text = text.replace("  output", "  population h[4] : lif\n  output", 1)
    tiny.write_text(text.replace("  rule", "  dropout h(p = 0.2)\n  rule", 1))
    status, _, err = snncc("train", tiny, *WARM, "--out", "a")
    assert (status, "error[E050]" in err, "what integers do leaves no" in err) == (1, True, True)
    assert not (tmp_path / "a").exists()


def test_what_does_not_fit_its_chip_is_not_trained(snncc, tiny, tmp_path, aware):
    (name,) = (line.split()[1] for line in tiny.read_text().split("\n") if "train " in line)
    tiny.write_text(tiny.read_text() + f"\ndeploy {name} {{ target reckon }}\n")
    status, _, err = snncc("train", tiny, *WARM, "--out", "a")
    assert (status, "error[E085]" in err) == (1, True), err
    assert not (tmp_path / "a").exists()
