"""A step that the compiled backends cannot keep."""

import pytest

from snncc.backends.compiled.text.languages import CUDA, PYTHON
from snncc.backends.compiled.text.step import step_lines
from snncc.ir.diagnostics import CompileError
from snncc.ir.expr import Const
from snncc.ir.neuron import Assign, NeuronStep, State
from snncc.ir.text import parse_expr
from snncc.ir.types import Fixed

CODE = Fixed(8, 4)
REAL = State("v", "1", Const(0.0))


def step(state=REAL, threshold="v > 1.0") -> NeuronStep:
    value = Const(0, CODE) if state.dtype == CODE else parse_expr("v * 2.0")
    decay = (Assign(state.name, value),)
    return NeuronStep((state,), (), (), decay, threshold=parse_expr(threshold))


def test_assignments_are_cast_to_their_state() -> None:
    assert step_lines(step(), PYTHON) == ["s0 = f32((s0 * f32(2.0)))", "spiked = (s0 > f32(1.0))"]
    rounded = step(threshold="floor(v) > 1.0")
    assert step_lines(rounded, CUDA)[1] == "spiked = (f32(math.floor(s0)) > f32(1.0))"


@pytest.mark.parametrize(
    "made",
    [
        step(State("n", "1", Const(0, CODE), CODE), "true"),
        step(threshold="1:fixed(8, 4) > 0:fixed(8, 4)"),
    ],
)
def test_codes_are_refused(made) -> None:
    with pytest.raises(CompileError, match=r"E071.*fixed\(8, 4\)"):
        step_lines(made, PYTHON)
