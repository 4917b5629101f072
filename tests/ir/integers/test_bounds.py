"""What integer states can come to: never less than what they came to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import DRAWN, STEPS
from refusal import refusals

from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.integers.bounds import bounds_of
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[50] encode spikes(duration = 100 ms)
  output y[2] : lif(tau_mem = 64 ms, tau_syn = 8 ms, v_th = 5 mV, refractory = 0 ms)
  x -> y : dense(init = constant(1))
}
"""


@pytest.fixture(scope="module")
def floats() -> Model:
    return run_model_passes(draw_model(compiled_text(NET).graph, 0))


CASES = [
    *((seed, "exact", "spikes") for seed in range(200, 208)),
    *((seed, "each", drawn) for seed in range(208, 211) for drawn in DRAWN),
    *((seed, "exact", drawn) for seed in range(211, 213) for drawn in DRAWN),
]


@pytest.mark.parametrize(("seed", "sums", "drawn"), CASES)
def test_no_state_of_a_drawn_network_leaves_its_bounds(seed, sums, drawn) -> None:
    draw, samples = DRAWN[drawn]
    model = draw(seed, sums)
    bounds = bounds_of(model, STEPS)
    trace = ReferenceSimulator(model, np.float64).trace(samples(seed), True)
    if drawn == "spikes":  # of others some wrap
        assert bounds.overflows == ()
    for name, states in bounds.states.items():
        for state, (low, high) in states.items():
            codes = trace.states[name][state]
            assert ((low <= codes) & (codes <= high)).all(), (seed, name, state)


def test_the_bound_is_what_all_inputs_at_once_come_to(floats) -> None:
    """Of weights of one sign, where nothing is reset, the bound is reached."""
    model = run_model_passes(floats, (Quantize(Precision(guard=4)),))
    never = replace(model.graph.population("y").step, threshold=None, reset=(), refractory=None)
    states = tuple(s for s in never.states if s.name != "refractory_left")
    never = replace(never, states=states, hold=(), constants=())
    populations = tuple(
        p if p.step is None else replace(p, step=never, constants=())
        for p in model.graph.populations
    )
    model = replace(model, graph=replace(model.graph, populations=populations))
    v = 0
    c = 0
    for _ in range(100):
        v = v * 4032 >> 12
        c = (c * 3584 >> 12) + 50 * 127 * 16
        v += c
    low, high = bounds_of(model, 100).states["y"]["v"]
    assert (low.tolist(), high.tolist()) == ([0, 0], [v, v])


def test_each_spike_of_an_input_counts(floats) -> None:
    """Of k spikes a step k times as much may arrive, and what is proved for one is not for k."""
    often = {k: NET.replace("100 ms)", f"100 ms, most = {k})") for k in (1, 3, 200)}
    models = {k: draw_model(compiled_text(text).graph, 0) for k, text in often.items()}
    made = {k: run_model_passes(models[k], (Quantize(Precision(guard=4)),)) for k in (1, 3)}
    for k, model in made.items():
        low, high = bounds_of(model, 100).ports["y"]["i"]
        assert (low.tolist(), high.tolist()) == ([0, 0], [k * 50 * 127] * 2)
    one, three = (bounds_of(made[k], 100).states["y"]["v"].high for k in (1, 3))
    assert (2 * one < three).all()
    assert "E083" in {
        d.code for d in refusals(run_model_passes, models[200], (Quantize(Precision(guard=8)),))
    }
    run_model_passes(models[1], (Quantize(Precision(guard=8)),))


def test_a_limit_is_found_that_holds_for_ever(floats) -> None:
    model = run_model_passes(floats, (Quantize(Precision(guard=4)),))
    long, longer = (bounds_of(model, steps).states["y"]["v"] for steps in (10**6, 10**7))
    assert (long.high == longer.high).all()
    assert (long.high >= bounds_of(model, 100).states["y"]["v"].high).all()


def test_a_sum_that_may_overflow_is_refused_with_the_guard_bits_that_fit(floats) -> None:
    heavy = floats.with_weights({"x->y": np.full((50, 2), 40, np.float32)})
    found = refusals(run_model_passes, heavy, (Quantize(Precision(bits=16, guard=8)),))
    assert {d.code for d in found} == {"E083"}
    help_text = found[0].help
    assert help_text is not None
    fits = int(help_text.split()[1])
    run_model_passes(heavy, (Quantize(Precision(bits=16, guard=fits)),))
    with_one_more = (Quantize(Precision(bits=16, guard=fits + 1)),)
    assert refusals(run_model_passes, heavy, with_one_more)[0].code == "E083"


@pytest.mark.parametrize("overflow", ["prove", "saturate", "wrap"])
def test_what_a_port_holds_is_always_proved(overflow) -> None:
    """It is summed before anything can be clipped."""
    text = NET.replace("x[50]", "x[70000]").replace("y[2]", "y[1]")
    many = run_model_passes(draw_model(compiled_text(text).graph, 0))
    quantize = Quantize(Precision(bits=16, guard=-8, overflow=overflow))
    found = refusals(run_model_passes, many, (quantize,))
    (of_port,) = [d for d in found if d.message.startswith("`i` of neuron 0 of `y`")]
    assert (of_port.code, of_port.help) == (
        "E083",
        "take fewer bits a weight, or let sums saturate",
    )
    assert str(70000 * 32767) in of_port.message
