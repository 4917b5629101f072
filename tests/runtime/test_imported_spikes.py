"""Imported neurons that fire several times in a step, and potentials with a floor, beside an
interpreter of the file."""

from __future__ import annotations

import numpy as np
import pytest
from nir_files import write_nir
from nir_interpreter import Meaning, interpret
from nir_nodes import affine, chain, cuba, f32, inp, lif, linear, out

from snncc import load
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.reader import read_graph
from snncc.runtime import importing
from snncc.runtime.importing import import_nir

DT, STEPS, INPUTS = 1e-3, 80, 12
SURE = 2e-6  # of a potential: what single precision of weights and parameters may come to
METHODS = ("euler", "euler-together", "exponential", "exact")


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch) -> None:
    """Without the second process, which tests/frontend/nir/test_apart.py is about."""
    monkeypatch.setattr(importing, "read_nir", read_graph)


def network(draw) -> dict:
    """A neuron of each kind that integrates, driven so that it fires often, or is held low."""
    unit = {"type": "IF", "r": f32(np.ones(8)), "v_threshold": f32(draw.uniform(0.5, 1.5, 8))}
    leak = {"r": f32(draw.uniform(3, 6, 5)), "tau": f32(draw.uniform(0.01, 0.03, 5))}
    return {
        "input": inp(INPUTS),
        "w1": affine(8, INPUTS, draw, 1.5),
        "if": unit,
        "w2": affine(7, 8, draw, 2.0),
        "lif": lif(7, draw),
        "w3": linear(6, 7, draw, 3.0),
        "cuba": cuba(6, draw, v_threshold=f32(draw.uniform(0.1, 0.3, 6))),
        "w4": linear(5, 6, draw),
        "read": {"type": "LI", "v_leak": f32(np.zeros(5)), **leak},
        "output": out(5),
    }


def ran(tmp_path, choices: Choices):
    """The program's states, and what the interpreter says of the file."""
    nodes = network(np.random.default_rng(6))
    path = write_nir(tmp_path / "net.nir", nodes, chain(nodes))
    made = import_nir(path, tmp_path / "net.snn", choices)
    inputs = np.random.default_rng(3).random((1, STEPS, INPUTS)) < 0.3
    program = load(tmp_path / "net.snn", target="reference", duration=f"{STEPS * DT} s")
    settled = made.settled
    floor = -np.inf if settled.floor is None else settled.floor
    meaning = Meaning(
        *(DT, settled.reset, settled.discretize, settled.comparison == "at-least", True),
        spikes=settled.spikes,
        floor=floor,
    )
    return program.run(inputs, states=True), interpret(path, inputs[0], meaning)


@pytest.mark.parametrize(
    ("method", "most", "floor", "comparison"),
    [
        *((method, 4, None, "above") for method in METHODS),
        *((method, 3, -0.4, "at-least") for method in METHODS),
    ],
)
def test_counts_of_spikes_are_those_of_the_interpreter(
    tmp_path, method, most, floor, comparison
) -> None:
    choices = Choices(DT, "subtract", method, comparison, spikes=most, floor=floor)
    found, expected = ran(tmp_path, choices)
    assert expected.margin > SURE
    for name in ("if", "lif", "cuba"):
        counts = expected.sent[name]
        assert counts.max() == most, name
        assert np.array_equal(found.states[name]["n"][0], counts), name
    sent = np.maximum(found.states["read"]["v"][0], -np.inf if floor is None else floor)
    assert np.allclose(sent, expected.sent["read"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("method", METHODS)
def test_a_floor_holds(tmp_path, method, reset) -> None:
    found, expected = ran(tmp_path, Choices(DT, reset, method, floor=-0.25))
    _, without = ran(tmp_path, Choices(DT, reset, method))
    assert expected.margin > SURE
    for name in ("if", "lif", "cuba"):
        rows = expected.sent[name] > 0
        got = np.zeros((1, *rows.shape), bool)
        got[tuple(found.spikes[name].T)] = True
        assert np.array_equal(got[0], rows), name
        assert not np.array_equal(rows, without.sent[name] > 0), name
