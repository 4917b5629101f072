"""Delays that every synapse has of its own."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.ir.graph import Call, Projection
from snncc.ir.model import draw_model
from snncc.ir.wiring import Listed, delays_of, wire, with_delays

DT = 0.5
UNIFORM = Call("uniform", (("low", 1.0), ("high", 3.0), ("min", 0.0)))
NORMAL = Call("normal", (("mean", 1.5), ("sd", 1.0), ("min", 0.5)))


def delayed(delays: Call, least: int = 1, seed: int = 1, kind: str = "dense", n: int = 200):
    projection = Projection(
        "p", "a", "b", Call(kind), Call("constant", (("value", 1.0),)), delay=least, delays=delays
    )
    wiring = with_delays(projection, wire(projection, (n,), (n,), seed), DT, seed, {})
    assert isinstance(wiring, Listed)
    return wiring, delays_of(projection, wiring)


def test_all_pairs_are_listed_with_their_delays() -> None:
    wiring, steps = delayed(UNIFORM)
    assert wiring.synapses == len(steps) == 200**2
    assert steps.dtype == np.int32
    assert np.array_equal(wiring.pre, np.repeat(np.arange(200), 200))


def test_uniform_delays_are_rounded_to_the_nearest_step() -> None:
    """[1, 3) ms in steps of 0.5: half of an inner step's share goes to either end."""
    _, steps = delayed(UNIFORM, least=2)
    shares = np.bincount(steps, minlength=7) / len(steps)
    np.testing.assert_allclose(shares, [0, 0, 1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8], atol=0.01)


def test_what_is_too_short_of_a_normal_is_drawn_again() -> None:
    """So that what is left is the normal beyond the shortest delay, half a step before it on."""
    _, steps = delayed(NORMAL, least=2)
    edges = (np.arange(2, 12) - 0.5) * DT
    below = np.array([0.5 * (1 + erf((edge - 1.5) / sqrt(2))) for edge in edges])
    wanted = np.diff(below) / (1 - below[0])
    found = np.bincount(steps, minlength=12)[2:11] / len(steps)
    assert steps.min() == 2
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_seed_and_name_decide_and_not_the_weights() -> None:
    same, other = (delayed(UNIFORM, seed=seed)[1] for seed in (1, 2))
    assert np.array_equal(delayed(UNIFORM)[1], same)
    assert not np.array_equal(same, other)
    wiring, steps = delayed(UNIFORM, kind="one_to_one", n=4000)
    drawn = np.corrcoef(steps, np.random.default_rng(1).random(4000))[0, 1]
    assert wiring.synapses == 4000
    assert abs(drawn) < 0.1


@pytest.mark.parametrize(
    ("delays", "least", "message"),
    [
        (Call("normal", (("mean", 1.0), ("sd", 0.1), ("min", 9.0))), 18, "hardly any delay"),
        (Call("normal", (("mean", 0.0), ("sd", 0.0), ("min", 0.0))), 1, "hardly any delay"),
        (Call("uniform", (("low", 0.0), ("high", 900.0), ("min", 0.0))), 1, "go from"),
        (Call("uniform", (("low", 3.0), ("high", 1.0), ("min", 0.0))), 1, "from 3 to 1 ms"),
    ],
)
def test_what_cannot_be_is_refused(delays: Call, least: int, message: str) -> None:
    assert message in refused("E042", delayed, delays, least).message


NET = """
network n {
  dt = 0.5 ms
  input x[30] encode poisson(duration = 5 ms)
  output y[20] : lif
  x -> y : fixed_fan_in(k = 9, init = normal(0, 1)) PLACE
}
"""


def test_delays_change_neither_synapses_nor_weights() -> None:
    plain, late = (
        draw_model(compiled_text(NET.replace("PLACE", delay)).graph, 3)
        for delay in ("", "delay uniform(1 ms, 4 ms)")
    )
    one, other = plain.wirings["x->y"], late.wirings["x->y"]
    assert np.array_equal(one.pairs(), other.pairs())
    assert np.array_equal(plain.weights("x->y"), late.weights("x->y"))
    assert len(np.unique(delays_of(late.graph.projections[0], other))) == 7
