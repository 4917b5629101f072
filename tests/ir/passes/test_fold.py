"""Numbered constants: shared steps, values, refusals."""

import numpy as np
import pytest
from refusal import refused

from snncc.ir.expr import evaluate
from snncc.ir.neuron import Assign, NeuronStep, State
from snncc.ir.passes.fold import fold_step
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_expr, parse_graph, print_expr, print_graph


def step(*lines: str, states=("v", "w"), constants=("tau", "a")) -> NeuronStep:
    made = (line.split(" = ") for line in lines)
    return NeuronStep(
        tuple(State(name, "1", parse_expr("0.0")) for name in states),
        ("i",),
        constants,
        tuple(Assign(target, parse_expr(value)) for target, value in made),
        threshold=parse_expr("v > a"),
    )


def folded(*lines: str, **names):
    made = fold_step(step(*lines, **names))
    update = [f"{a.target} = {print_expr(a.value)}" for a in made.step.update]
    return update, dict(zip(made.step.constants, map(print_expr, made.definitions), strict=True))


def test_largest_expressions_of_parameters_are_numbered_once() -> None:
    update, constants = folded("v = v * (1.0 - 2.0 / tau) + a", "w = w * (1.0 - 2.0 / tau)")
    assert update == ["v = v * k0 + k1", "w = w * k0"]
    assert constants == {"k0": "1.0 - 2.0 / tau", "k1": "a"}


def test_literals_and_conditions_stay() -> None:
    update, constants = folded("v = select(a > 1.0, v, 2.0 * 3.0 + i)")
    assert update == ["v = select(k0 > 1.0, v, 6.0 + i)"]
    assert constants == {"k0": "a"}


def test_of_fixed_point_parts_only_names_are_numbered() -> None:
    update, constants = folded(
        "v = shl(a:fixed(8, 4), 1) + shl(v:fixed(8, 4), 2)", "w = shl(a:fixed(8, 4), 1)"
    )
    assert update == [
        "v = shl(k0:fixed(8, 4), 1) + shl(v:fixed(8, 4), 2)",
        "w = shl(k0:fixed(8, 4), 1)",
    ]
    assert constants == {"k0": "a:fixed(8, 4)", "k1": "a"}
    assert fold_step(step("v = neg(a:fixed(8, 4))")).values((1.0, 24.0)) == (24.0, 24.0)


def test_assignments_without_effect_go() -> None:
    update, _ = folded("v = v * 1.0", "w = w + i")
    assert update == ["w = w + i"]


def test_numbers_avoid_names_in_use() -> None:
    update, constants = folded("k0 = k0 * tau", states=("k0", "v"), constants=("tau", "a", "k1"))
    assert update == ["k0 = k0 * k2"]
    assert list(constants) == ["k2", "k3"]


def test_zeros_of_either_sign_are_two_constants() -> None:
    _, constants = folded("v = v + tau * 0.0 + tau * -0.0 * a")
    assert "tau * 0.0" in constants.values()
    made = fold_step(step("v = v + max(tau, 0.0)", "w = w + max(tau, -0.0)"))
    assert len(made.definitions) == 3


def test_values_are_float64() -> None:
    made = fold_step(step("v = v * exp(neg(1.0) / tau)"))
    assert made.values((3.0, 7.0)) == (np.exp(-1.0 / 3.0), 7.0)
    read = {n: np.float64(x) for n, x in (("tau", 3.0), ("v", 2.0))}
    assert evaluate(parse_expr("v * exp(neg(1.0) / tau)"), read, np.float64) == 2.0 * np.exp(-1 / 3)


def test_populations_that_differ_in_parameters_share_a_step(net) -> None:
    graph = run_pipeline(net("zoo"))
    pool, flat = graph.population("pool"), graph.population("flat")
    assert pool.step is flat.step
    assert pool.constants != flat.constants
    assert pool.constants[-1] == 0.0
    assert flat.constants[-1] == -0.25


@pytest.mark.parametrize("value", ["0.0", "1e-320"])
def test_a_constant_that_is_not_finite_is_refused(net, value) -> None:
    text = print_graph(net("worked")).replace("tau_mem=4.0", f"tau_mem={value}")
    diagnostic = refused("E022", run_pipeline, parse_graph(text))
    assert "tau_mem = " in diagnostic.help
