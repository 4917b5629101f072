from __future__ import annotations

import numpy as np
import pytest

from snncc.frontend.lower.connect import steps
from snncc.frontend.program import compile_text, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.expr import Const, Ref, apply
from snncc.ir.graph import Call, Graph, Projection
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.wiring import CONNECTIVITIES, initial_weights, wire

NET = """
network n(gain: real = 0.5) {{
  dt = 0.5 ms
  input x[4] encode bernoulli(duration = 4 ms)
  population h[4] : lif
  population c[4] : cuba_lif
  population k : lif
  {body}
}}
"""


def graph(body: str) -> Graph:
    return compile_text(Source("t.snn", NET.format(body=body))).graph


def projection(body: str) -> Projection:
    (found,) = graph(body).projections
    return found


def code(body: str) -> str:
    (found,) = survey_text(Source("t.snn", NET.format(body=body))).diagnostics
    return found.code


def test_the_plain_case() -> None:
    plain = projection("x -> h : dense")
    assert plain.span is not None
    assert plain == Projection(
        "x->h",
        "x",
        "h",
        Call("dense"),
        Call("uniform", (("low", -1.0), ("high", 1.0))),
        "i",
        0,
        True,
    )


def test_options() -> None:
    full = projection("x -> c.inh : dense(init = normal(sd = 2)) delay 1.5 ms fixed as feed[3]")
    assert (full.name, full.port, full.delay, full.trainable) == ("feed[3]", "inh", 3, False)
    assert full.init == Call("normal", (("mean", 0.0), ("sd", 2.0)))


@pytest.mark.parametrize(
    ("written", "init"),
    [
        ("weight = 2", Call("constant", (("value", 2.0),))),
        ("weight = 2 mV", Call("constant", (("value", 2.0),))),
        ("weight = -gain", Call("constant", (("value", -0.5),))),
        ("weight = 0.1 V", Call("constant", (("value", 100.0),))),
        (
            "weight = gain * j",
            Call("expression", (("value", apply("mul", Const(0.5), Ref("j"))),)),
        ),
        ("init = kaiming", Call("kaiming", (("gain", 2.0**0.5),))),
        ("init = constant(3)", Call("constant", (("value", 3.0),))),
    ],
)
def test_weights(written: str, init: Call) -> None:
    assert projection(f"x -> h : dense({written})").init == init


def test_habits_of_connectivities() -> None:
    fixed = {
        kind
        for kind, row in CONNECTIVITIES.items()
        if kind not in ("file", "list")
        if not projection(f"h -> h : {kind}({_needed(kind)})").trainable
    }
    assert fixed == {"lateral_inhibition", "pool2d"}
    assert projection("h -> h : lateral_inhibition").init["value"] == -1.0
    assert projection("x -> k : pool2d(kernel = 1)").init["value"] == 1.0
    assert projection("h -> h : lateral_inhibition trainable").trainable


def _needed(kind: str) -> str:
    examples = {"p": "0.5", "k": "1", "grid": "[4]", "channels": "1", "kernel": "1"}
    return ", ".join(
        f"{a.name} = {examples.get(a.name, 'i == j')}"
        for a in CONNECTIVITIES[kind].arguments
        if a.default is None
    )


def test_names_are_unique() -> None:
    body = "x -> h : dense\nx -> h : dense\nx -> h : dense as a\nx -> c.exc : dense\nx -> h : dense"
    assert [p.name for p in graph(body).projections] == [
        "x->h",
        "x->h#2",
        "a",
        "x->c.exc",
        "x->h#3",
    ]


def test_a_list_keeps_its_order_and_its_weights() -> None:
    found = graph("x -> h : list(synapses = [[3, 1, 0.5], [0, 2, -1], [0, 0, gain]]) as l")
    (listed,) = found.projections
    assert listed.connectivity["synapses"] == ((3, 1), (0, 2), (0, 0))
    assert listed.init == Call("given", (("tensor", "l"),))
    assert not listed.trainable
    assert found.tensors["l"].dtype == np.float32
    assert found.tensors["l"].tolist() == [0.5, -1.0, 0.5]
    wiring = wire(listed, (4,), (4,), 0)
    assert wiring.pre is not None
    assert wiring.pre.tolist() == [0, 0, 3]
    assert initial_weights(listed, wiring, 0, found.tensors).tolist() == [0.5, -1.0, 0.5]


def test_shapes_that_follow() -> None:
    text = NET.format(body="x -> k : one_to_one")
    assert run_pipeline(compile_text(Source("t.snn", text)).graph).population("k").shape == (4,)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("x -> c : dense", "E013"),
        ("x -> x : dense", "E044"),
        ("x -> h.j : dense", "E010"),
        ("x -> h.i.j : dense", "E044"),
        ("x.i -> h : dense", "E044"),
        ("x[0] -> h : dense", "E010"),
        ("x -> h : dense delay 0.7 ms", "E043"),
        ("x -> h : dense delay 1 mV", "E021"),
        ("x -> h : dense delay -1 ms", "E022"),
        ("x -> h : dense delay 1 ms delay 1 ms", "E014"),
        ("x -> h : dense fixed fixed", "E014"),
        ("x -> h : dense(init = given)", "E010"),
        ("x -> h : dense(init = 3)", "E020"),
        ("x -> h : dense(weight = 3 ms)", "E021"),
        ("x -> h : dense(weight = i < 3)", "E020"),
        ("x -> h : dense(weight = q)", "E010"),
        ("x -> h : dense(weight = 1 / 0)", "E022"),
        ("x -> h : list(synapses = [[0, 0, 1]], weight = 3)", "E012"),
        ("x -> h : list(synapses = [[0, 0, 1 mV]])", "E021"),
        ("x -> h : list(synapses = [])", "E042"),
        ("x -> h : list", "E013"),
    ],
)
def test_mistakes(body: str, expected: str) -> None:
    assert code(body) == expected


@pytest.mark.parametrize(
    ("delay", "dt", "count"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (1e4, 0.1, 100_000), (0.0, 1.0, 0)]
)
def test_delays_are_counted_without_rounding_down(delay: float, dt: float, count: int) -> None:
    assert steps(delay, dt, None) == count


def test_the_default_delay_is_a_multiple_of_dt_too() -> None:
    (found,) = survey_text(
        Source("t.snn", NET.format(body="delay = 0.7 ms\nx -> h : dense"))
    ).diagnostics
    assert found.code == "E043"
    assert found.span is not None
