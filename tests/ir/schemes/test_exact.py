"""Exponential propagation against closed forms and a fine integration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusal import refused

from snncc.ir.expr import Const, Ref, apply, evaluate
from snncc.ir.neuron import Assign, NeuronModel, Parameter, State
from snncc.ir.schemes.exact import exact, exponential
from snncc.ir.text import parse_expr
from snncc.ir.types import DType

STATES = ("v", "c", "w")


def model(derivatives: dict[str, str], parameters=("tm", "ts"), on_input=()) -> NeuronModel:
    return NeuronModel(
        "m",
        tuple(Parameter(name, "1", 1.0) for name in parameters),
        tuple(State(name, "1", Const(0.0)) for name in STATES),
        ("i", "g"),
        tuple(Assign(target, parse_expr(ode)) for target, ode in derivatives.items()),
        on_input,
        Const(False, DType.BOOL),
        (),
    )


def step(neuron: NeuronModel, dt: float, parameters, values) -> dict[str, float]:
    made = exact(neuron, dt)
    known = {
        **parameters,
        **values,
        **dict(zip(made.constants, made.own.values(parameters), strict=True)),
    }
    for assign in (*made.decay, *made.deliver):
        known[assign.target] = evaluate(assign.value, known, np.float64)
    return {name: float(known[name]) for name in STATES}


def fine(neuron: NeuronModel, dt: float, parameters, values) -> dict[str, float]:
    """The same by many Runge-Kutta steps straight from the ODEs."""
    odes = {a.target: a.value for a in neuron.derivatives}

    def slope(state):
        known = {**parameters, **values, **dict(zip(STATES, state, strict=True))}
        return np.array(
            [evaluate(odes[n], known, np.float64) if n in odes else 0.0 for n in STATES]
        )

    x, steps = np.array([values[name] for name in STATES]), 64
    h = dt / steps
    for _ in range(steps):
        a = slope(x)
        b = slope(x + h / 2 * a)
        c = slope(x + h / 2 * b)
        x = x + h / 6 * (a + 2 * b + 2 * c + slope(x + h * c))
    return dict(zip(STATES, x, strict=True))


def test_closed_form_of_the_lif() -> None:
    neuron = model({"v": "neg(v) / tm + c / ts", "c": "neg(c) / ts"})
    tm, ts, dt = 20.0, 5.0, 1.0
    values = {"v": 3.0, "c": 2.0, "w": 0.0, "i": 9.0, "g": 9.0}
    after = step(neuron, dt, {"tm": tm, "ts": ts}, values)
    response = (np.exp(-dt / tm) - np.exp(-dt / ts)) / (1 - ts / tm)
    assert after["v"] == pytest.approx(3 * np.exp(-dt / tm) + 2 * response, rel=1e-14)
    assert after["c"] == pytest.approx(2 * np.exp(-dt / ts), rel=1e-14)
    assert after["w"] == 0.0


def test_a_held_input_drives_towards_its_value() -> None:
    neuron = model({"v": "(i - v) / tm"})
    after = step(neuron, 2.0, {"tm": 8.0, "ts": 1.0}, {"v": 1.0, "c": 0, "w": 0, "i": 5.0, "g": 0})
    assert after["v"] == pytest.approx(5 - 4 * np.exp(-0.25), rel=1e-14)


def test_inputs_that_jump_do_so_after_the_propagation() -> None:
    jump = (Assign("c", apply("add", Ref("c"), Ref("i"))),)
    neuron = model({"v": "c - v", "c": "neg(c)"}, on_input=jump)
    after = step(neuron, 1.0, {"tm": 1, "ts": 1}, {"v": 0.0, "c": 1.0, "w": 0, "i": 10.0, "g": 0})
    assert after["c"] == pytest.approx(np.exp(-1) + 10, rel=1e-14)
    assert after["v"] == pytest.approx(np.exp(-1), rel=1e-14)


COEFFICIENTS = st.lists(st.floats(-2, 2).map(lambda x: round(x, 3)), min_size=15, max_size=15)


@given(COEFFICIENTS, st.sampled_from([0.1, 0.5, 1.0]))
@settings(max_examples=25, deadline=None)
def test_any_linear_system(numbers, dt) -> None:
    terms = [*STATES, "i"]
    rows = np.array(numbers).reshape(3, 5)
    odes = {
        target: " + ".join([f"{a} * {t}" for a, t in zip(row, terms, strict=False)] + [str(row[4])])
        for target, row in zip(STATES, rows.tolist(), strict=True)
    }
    neuron = model(odes)
    values = {"v": 1.0, "c": -2.0, "w": 0.5, "i": 3.0, "g": 0.0}
    made, expected = step(neuron, dt, {}, values), fine(neuron, dt, {}, values)
    assert made == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.floats(0.5, 50), st.floats(0.5, 50))
@settings(max_examples=20, deadline=None)
def test_parameters_and_states_without_an_ode(tm, ts) -> None:
    neuron = model({"v": "(w - v + i * 2.0 - g) / tm", "c": "v - c / ts"})
    values = {"v": 1.0, "c": -2.0, "w": 7.0, "i": 3.0, "g": 1.0}
    parameters = {"tm": tm, "ts": ts}
    made = step(neuron, 1.0, parameters, values)
    assert made == pytest.approx(fine(neuron, 1.0, parameters, values), rel=1e-6)
    assert made["w"] == 7.0


@pytest.mark.parametrize("ode", ["v * c", "exp(v)", "v * i", "1.0 / v", "pow(v, 3.0)", "abs(v)"])
def test_what_is_not_linear_is_refused(ode) -> None:
    diagnostic = refused("E031", exact, model({"c": "neg(c)", "v": ode}), 1.0)
    assert "dv/dt" in diagnostic.message


def test_structure_depends_on_the_model_alone() -> None:
    """Zero parameters leave no hole in the step, so that kernels are shared."""
    neuron = model({"v": "tm * c - v", "c": "neg(c) / ts"})
    made = exact(neuron, 1.0)
    assert made.constants == ("exact.v.v", "exact.v.c", "exact.c.c")
    assert made.own.values({"tm": 0.0, "ts": 1.0})[1] == 0.0


def test_exponential() -> None:
    turn = exponential(np.array([[0.0, -np.pi], [np.pi, 0.0]]))
    assert turn == pytest.approx(-np.eye(2), abs=1e-13)
    assert exponential(np.array([[-40.0]]))[0, 0] == pytest.approx(np.exp(-40.0), rel=1e-12)
    assert exponential(np.zeros((3, 3))).tolist() == np.eye(3).tolist()
    assert exponential(np.zeros((0, 0))).shape == (0, 0)
    assert np.isnan(exponential(np.array([[np.inf]]))).all()
