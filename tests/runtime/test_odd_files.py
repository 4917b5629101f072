"""NIR files of odd kinds beside an interpreter of the network that they mean, spike by spike."""

from __future__ import annotations

import numpy as np
import pytest
from nir_files import write_nir
from nir_interpreter import Meaning, interpret
from nir_nodes import inp, lif, linear, out
from nir_odd import INPUTS, ODD, meaning_of
from refusal import refused

from snncc import load
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.reader import read_graph
from snncc.runtime import importing
from snncc.runtime.importing import import_nir

DT, STEPS = 1e-3, 60
SURE = 2e-6  # of a potential: what single precision of weights and parameters may come to


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(importing, "read_nir", read_graph)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("name", ODD)
def test_every_spike_is_that_of_the_network_that_is_meant(tmp_path, name, reset) -> None:
    odd = ODD[name]()
    path = write_nir(tmp_path / "odd.nir", odd.nodes, odd.edges)
    choices = Choices(DT, reset, "euler", repair=True)
    made = import_nir(path, tmp_path / "odd.snn", choices)
    assert len(made.repairs) == odd.repairs
    inputs = np.random.default_rng(3).random((1, STEPS, INPUTS)) < 0.3
    program = load(tmp_path / "odd.snn", target="reference", duration=f"{STEPS * DT} s")
    found = program.run(inputs).spikes
    meant = write_nir(tmp_path / "meant.nir", *meaning_of(name))
    late = frozenset({("lif1.lif", "lif1.w_rec")})
    expected = interpret(meant, inputs[0], Meaning(DT, reset, late=late))
    assert expected.margin > SURE
    for layer, called in zip(("lif1.lif", "lif2"), odd.layers, strict=True):
        rows = expected.sent[layer]
        got = np.zeros((1, *rows.shape), bool)
        got[tuple(found[called].T)] = True
        assert np.array_equal(got[0], rows > 0), layer
        assert 0.01 < rows.mean() < 0.99, (layer, rows.mean())


@pytest.mark.parametrize("name", [name for name in ODD if ODD[name]().repairs])
def test_without_being_asked_nothing_is_repaired(tmp_path, name) -> None:
    odd = ODD[name]()
    path = write_nir(tmp_path / "odd.nir", odd.nodes, odd.edges)
    found = refused("E091", import_nir, path, tmp_path / "odd.snn", Choices(DT, "zero", "euler"))
    assert found.help.startswith("say `--repair`: ")
    assert not (tmp_path / "odd.snn").exists()


def test_a_module_with_several_ways_in_and_out(tmp_path) -> None:
    draw = np.random.default_rng(2)
    parts = {"a": lif(6, draw), "ab": linear(5, 6, draw, 4.0)}
    parts |= {"b": lif(5, draw), "ba": linear(6, 5, draw)}
    inner = [("a", "ab"), ("ab", "b"), ("b", "ba"), ("ba", "a")]
    nodes = {
        "input": inp(INPUTS),
        "wa": linear(6, INPUTS, draw, 3.0),
        "wb": linear(5, INPUTS, draw, 3.0),
    }
    behind = {"va": linear(4, 6, draw), "vb": linear(4, 5, draw), "y": lif(4, draw)}
    behind["output"] = out(4)
    outer = [("input", "wa"), ("input", "wb"), ("va", "y"), ("vb", "y"), ("y", "output")]
    ways = [("wa", "c.a"), ("wb", "c.b"), ("c.a", "va"), ("c.b", "vb")]
    graph = {"type": "NIRGraph", "nodes": parts, "edges": inner}
    flat = {f"c.{name}": node for name, node in parts.items()}
    loop = [(f"c.{a}", f"c.{b}") for a, b in inner]
    files = {
        "held": (nodes | {"c": graph} | behind, [*outer, *ways]),
        "flat": (nodes | flat | behind, [*loop, *outer, *ways]),
    }
    inputs = np.random.default_rng(3).random((1, STEPS, INPUTS)) < 0.3
    found = {}
    for name, (all_nodes, edges) in files.items():
        path = write_nir(tmp_path / f"{name}.nir", all_nodes, edges)
        made = import_nir(path, path.with_suffix(".snn"), Choices(DT, "zero", "euler", repair=True))
        assert len(made.repairs) == (4 if name == "held" else 0)
        program = load(path.with_suffix(".snn"), target="reference", duration=f"{STEPS * DT} s")
        found[name] = program.run(inputs).spikes
    for name in ("a", "b"):
        assert len(found["held"][f"c.{name}"]) > 10
        assert np.array_equal(found["held"][f"c.{name}"], found["flat"][f"c_x2e{name}"])
    assert np.array_equal(found["held"]["y"], found["flat"]["y"])
    text = (tmp_path / "held.snn").read_text()
    for line in ("port in a_in = a", "port out a = a", "input_ -> c.a_in", "c.b -> y"):
        assert line in " ".join(text.split())
