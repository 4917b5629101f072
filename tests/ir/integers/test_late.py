"""Decays as a part of what is added, and an end of the spikes of a step."""

from __future__ import annotations

import numpy as np
from quantized_nets import floats, integers
from refusal import refusals
from xylo_nets import CELLS

from snncc.backends.reference.network import simulate
from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.integers.decays import shift_decay
from snncc.ir.integers.late import at_most, decayed_with_what_arrives, summed
from snncc.ir.integers.terms import known_of
from snncc.ir.neuron import LEFT, Assign, NeuronStep, State, most_of
from snncc.ir.types import Fixed

CODE = Fixed(32, 2)
V, C = Ref("v", CODE), Ref("c", CODE)
ASKED = {"sums": "each", "decay": "shift", "state_bits": 16, "leak": "summed"}


def done(assigns: tuple[Assign, ...], **states: int) -> dict[str, int]:
    for assign in assigns:
        states[assign.target] = int(evaluate(assign.value, states))
    return states


def test_a_sum_with_its_decay_is_clipped_alone() -> None:
    decays = (Assign("v", shift_decay(V, 1)), Assign("c", shift_decay(C, 2)))
    made = summed(
        decays, (Assign("v", apply("add", V, C)),), {"v": CODE, "c": CODE}, frozenset(), 8
    )
    assert isinstance(made, tuple)
    # c: 40 - 10; v: 7 + (30 - 3).
    assert done(made, v=7, c=40) == {"v": 34, "c": 30}
    # -100 + the 127 to which 120 + 50 is clipped, where each by itself would give 70.
    assert done(made, v=-100, c=160) == {"v": 27, "c": 120}


def test_a_number_is_added_last_and_clipped_by_itself() -> None:
    bias = Const(-50, CODE)
    value = apply("add", apply("sub", V, apply("neg", C)), bias)
    made = summed((), (Assign("v", value),), {"v": CODE}, frozenset(), 8)
    assert isinstance(made, tuple)
    assert done(made, v=0, c=200)["v"] == 127 - 50
    assert done(made, v=0, c=-100)["v"] == -128


def test_what_is_no_sum() -> None:
    double = Assign("v", apply("add", apply("add", V, V), C))
    assert summed((), (double,), {"v": CODE}, frozenset(), 8) == "v"
    other = Assign("v", apply("sub", V, C))
    added = Assign("v", apply("add", V, C))
    assert summed((other,), (added,), {"v": CODE}, frozenset(), 8) == "v"


def test_currents_that_decay_with_what_arrives() -> None:
    """The integers mean what the floats do: a spike of 1 mV moves v by the same."""
    before = floats("one(tau_mem = 64 ms, v_th = 40 mV)", CELLS)
    step = before.graph.population("h").step
    assert step is not None
    moved = decayed_with_what_arrives(step, known_of(before, before.graph.population("h"), step))
    (given,) = moved.deliver
    kept = dict(zip(step.constants, before.graph.population("h").constants, strict=True))
    assert abs(float(evaluate(given.value, {"c": 0.0, "i": 0.875, **kept})) - 1.0) < 1e-6
    after = integers(before, bits=9, guard=0, **ASKED)
    once = np.zeros((30, 1, 5), bool)
    once[0] = True
    wanted = simulate(before, {"x": once}, record=True).history["h"]["v"]
    codes = simulate(after, {"x": once}, record=True).history["h"]["v"]
    assert np.allclose(codes * after.values["h/v.unit"].array, wanted, rtol=0.02, atol=0.1)


def test_a_sum_that_nothing_clips() -> None:
    asked = {**ASKED, "state_bits": 32}
    each = refusals(integers, floats("one", CELLS), **asked)
    assert all("--state-bits 16" in (refusal.help or "") for refusal in each)


def test_the_most_spikes_of_an_output() -> None:
    """A voltage of many thresholds: one spike a step is left, the others stay in the voltage."""
    before = floats("one(v_th = 0.5 mV)", CELLS.replace("neuron lif", "neuron own"))
    text_free = before.with_weights({"h->y": np.full((4, 3), 4.0, np.float32)})
    inputs = {"x": np.ones((60, 1, 5), bool)}
    once = simulate(integers(text_free, spikes=5, output_spikes=1), inputs).spikes
    often = simulate(integers(text_free, spikes=5), inputs).spikes
    assert once["h"].max() > 1
    assert once["y"].max() == 1
    assert (once["h"] == often["h"]).all()
    step = NeuronStep((State("v", "1", Const(0, CODE), CODE),), (), ())
    limited = at_most(step, 2)
    assert [most_of(s, 7) for s in (step, limited)] == [7, 2]
    assert done(limited.decay + limited.reset, **{LEFT: 0}) == {LEFT: 1}
