"""The Euler step, by hand for models whose ODEs read each other."""

import numpy as np
import pytest

from snncc.ir.expr import evaluate, names
from snncc.ir.passes.simplify import simplify
from snncc.ir.schemes.euler import euler
from snncc.ir.text import parse_graph, print_expr

MODEL = """snnir 2 network n dt 1.0 threshold step spikes 1
model m {{ {} ports (i) {} spike v > 1.0 }}
population p hidden (1) model m ({}) method euler
"""


def scheme(states: str, lines: str, dt: float, **parameters: float):
    head = " ".join(f'parameter {name} "1" 1.0' for name in parameters)
    head += "".join(f' state {name} "1" = 0.0' for name in states.split())
    values = ", ".join(f"{name}={value}" for name, value in parameters.items())
    model = parse_graph(MODEL.format(head, lines, values)).populations[0].model
    assert model is not None
    return euler(model, dt)


def update(made):
    return (*made.decay, *made.deliver, *made.integrate)


def lines(made) -> list[str]:
    return [f"{a.target} = {print_expr(simplify(a.value))}" for a in update(made)]


def run(made, values: dict[str, float]) -> dict[str, float]:
    values = dict(values)
    for assign in update(made):
        values[assign.target] = evaluate(assign.value, values, np.float64)
    return values


def test_lif_is_leak_deliver_integrate() -> None:
    made = scheme(
        "v c",
        "derivative v = neg(v) / tm + c / ts derivative c = neg(c) / ts input c = c + i",
        1.0,
        tm=4.0,
        ts=2.0,
    )
    assert lines(made) == [
        "v = v - v * (1.0 / tm)",
        "c = c - c * (1.0 / ts)",
        "c = c + i",
        "v = v + c * (1.0 / ts)",
    ]


@pytest.mark.parametrize(
    ("ode", "expected"),
    [
        ("(i - v) / tm", ["v = v - v * (0.5 / tm)", "v = v + i * (0.5 / tm)"]),
        ("3.0", ["v = v + 1.5"]),
        ("0.0 - v", ["v = v - v * 0.5", "v = v + 0.0"]),
        ("v * v - v", ["v = v + (v * v - v) * 0.5"]),
        ("i * v", ["v = v + i * v * 0.5"]),
        ("neg(v * tm)", ["v = v - v * (0.5 * tm)"]),
        ("exp(v)", ["v = v + exp(v) * 0.5"]),
        ("tm * i - v / tm", ["v = v - v * (0.5 / tm)", "v = v + i * (0.5 * tm)"]),
    ],
)
def test_what_decays_and_what_is_integrated(ode, expected) -> None:
    assert lines(scheme("v", f"derivative v = {ode}", 0.5, tm=4.0)) == expected


def test_odes_that_read_each_other_read_old_values() -> None:
    ring = "derivative v = u * 2.0 derivative u = w * 3.0 derivative w = v * u"
    made = scheme("v u w", ring, 1.0)
    values = run(made, {"v": 1.0, "u": 10.0, "w": 100.0, "i": 0.0})
    assert (values["v"], values["u"], values["w"]) == (1 + 20, 10 + 300, 100 + 10)
    assert [s.name for s in made.extra_states] == ["old.u"]


def test_decay_comes_before_input_and_integration_after() -> None:
    made = scheme(
        "v u",
        "derivative v = u - v derivative u = v - 0.5 * u input v = v + i input u = v",
        0.5,
    )
    values = run(made, {"v": 8.0, "u": 4.0, "i": 1.0})
    # decay: v = 4, u = 3; input: v = 5, u = 5; integrate from those values.
    assert (values["v"], values["u"]) == (5 + 0.5 * 5, 5 + 0.5 * 5)


def test_a_chain_needs_no_copy() -> None:
    made = scheme("v u w", "derivative u = w derivative v = u derivative w = i", 1.0)
    assert made.extra_states == ()
    assert [a.target for a in update(made)] == ["v", "u", "w"]
    assert all(not names(a.value) & {"old.v"} for a in update(made))
