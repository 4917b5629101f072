"""The exponential Euler step: exact of one equation, without loss near 0, refused of others."""

from __future__ import annotations

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.ir.derivatives import gradients
from snncc.ir.expr import Const, evaluate
from snncc.ir.neuron import NeuronModel
from snncc.ir.schemes.exponential_euler import exponential_euler
from snncc.ir.text import parse_graph

TEXT = """snnir 2 network n dt 1.0 threshold step spikes 1
model m {{ state x "1" = 0.0 state r "1" = 0.0 derivative x = {} ports (i) spike x > 1.0 }}
population p hidden (1) model m () method euler
"""


def model(ode: str) -> NeuronModel:
    made = parse_graph(TEXT.format(ode)).populations[0].model
    assert made is not None
    return made


@pytest.mark.parametrize("rate", [-3.0, -1e-9, 0.0, 1e-4, 2.0])
@pytest.mark.parametrize("real", [np.float64, np.float32])
def test_one_equation_is_solved(rate, real) -> None:
    (step,) = exponential_euler(model("r * x + 3.0"), 0.5).integrate
    found = evaluate(step.value, {"x": real(2.0), "r": real(rate)}, real)
    rest = 3.0 * 0.5 if rate == 0.0 else 3.0 * np.expm1(0.5 * rate) / rate
    wanted = 2.0 * np.exp(0.5 * rate) + rest
    assert float(found) == pytest.approx(wanted, rel=8 * float(np.finfo(real).eps))


@pytest.mark.parametrize("rate", [-2.0, 0.0, 1.5])
def test_its_slopes_are_numbers(rate) -> None:
    (step,) = exponential_euler(model("r * x + 3.0"), 0.5).integrate
    found = gradients(step.value, Const(1.0))
    by_x = evaluate(found["x"], {"x": 2.0, "r": rate}, np.float64)
    assert by_x == pytest.approx(np.exp(0.5 * rate))
    assert np.isfinite(evaluate(found["r"], {"x": 2.0, "r": rate}, np.float64))


def test_an_equation_that_is_not_linear_in_its_own_state_is_refused() -> None:
    text = """network n {
      input x[1] encode spikes(duration = 1 ms)
      output y[1] : izhikevich method exponential_euler
      x -> y : dense
    }"""
    problem = refused("E031", compiled_text, text)
    assert "dv/dt is not linear in `v`" in problem.message
    assert problem.help == "use `method = rk4`, or `euler`"
