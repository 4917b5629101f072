"""Where decays of codes end."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.expr import Const, Ref, apply
from snncc.ir.integers.decays import dead_zone, shift_decay
from snncc.ir.neuron import Assign, NeuronStep, State
from snncc.ir.types import Fixed


def decayed(m: int, bits: int, rounding) -> NeuronStep:
    dtype = Fixed(32, 4, rounding=rounding)
    factor = Const(m, Fixed(bits + 2, bits, rounding=rounding))
    value = apply("narrow", apply("mulwide", Ref("v", dtype), factor), immediate=dtype)
    return of(dtype, value)


def of(dtype: Fixed, value) -> NeuronStep:
    return NeuronStep((State("v", "mV", Const(0, dtype), dtype),), (), (), (Assign("v", value),))


@pytest.mark.parametrize(
    ("rounding", "ends"),
    [("floor", (-63, 0)), ("toward_zero", (0, 0)), ("nearest_even", (-32, 32))],
)
def test_what_a_factor_leaves_as_it_is(rounding, ends) -> None:
    step = decayed(4032, 12, rounding)  # it takes 64 / 4096 of a code away
    assert dead_zone(step.decay, "v", step.still, {}) == ends
    for code in (ends[1] + 1, ends[0] - 1):
        assert abs(int(np.rint(code * 4032 / 4096 - 0.001))) <= abs(code)


def test_shifts_end_at_zero() -> None:
    dtype = Fixed(32, 4)
    step = of(dtype, shift_decay(Ref("v", dtype), 6))
    assert dead_zone(step.decay, "v", step.still, {}) == (0, 0)


def test_factors_of_single_neurons() -> None:
    dtype, factor = Fixed(32, 4), Fixed(14, 12)
    value = apply("narrow", apply("mulwide", Ref("v", dtype), Ref("k", factor)), immediate=dtype)
    step = of(dtype, value)
    still = State("k", "1", Const(0, factor), factor)
    step = NeuronStep((*step.states, still), (), (), step.decay)
    assert dead_zone(step.decay, "v", step.still, {"k": np.array([2048, 4095])}) == (-4095, 0)
