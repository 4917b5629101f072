"""From ODEs to one step: what is refused, and the refractory counter."""

import pytest
from refusal import refusals, refused

from snncc.ir.passes.discretize import Discretize
from snncc.ir.passes.infer_shapes import InferShapes
from snncc.ir.text import parse_graph, print_graph


def discretized(text: str):
    return Discretize().run(InferShapes().run(parse_graph(text)))


def changed(net, old: str, new: str) -> str:
    text = print_graph(net("worked"))
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("refractory=1.0)", "refractory=1.5)", "E045", "1.5 ms, which is 1.5 steps of 1 ms"),
        ("refractory=1.0)", "refractory=-1.0)", "E022", "is -1 ms"),
        ("refractory=1.0)", "refractory=1e12)", "E022", "is 1e+12 ms"),
        ("refractory refractory", "refractory refractory / 0.0", "E022", "inf ms"),
        ("refractory refractory", "refractory log(neg(refractory))", "E022", "nan ms"),
    ],
)
def test_refractory_times(net, old, new, code, message) -> None:
    found = refused(code, discretized, changed(net, old, new))
    assert message in found.message


@pytest.mark.parametrize(("dt", "refractory", "steps"), [(0.1, 2.1, 21.0), (1.0, 0.0, 0.0)])
def test_refractory_steps(net, dt, refractory, steps) -> None:
    text = changed(net, "dt 1.0", f"dt {dt}").replace(
        "refractory=1.0)", f"refractory={refractory})"
    )
    population = discretized(text).population("h")
    assert population.step is not None
    values = dict(zip(population.step.constants, population.constants, strict=True))
    assert values["refractory.steps"] == steps


def test_every_mistake_is_reported(net) -> None:
    text = changed(net, "refractory=1.0)", "refractory=1.5)")
    line = next(line for line in text.splitlines() if line.startswith("population h"))
    other = line.replace("population h", "population g").replace("=1.5)", "=2.5)")
    twice = text.replace(line, f"{line}\n{other}")
    assert [d.code for d in refusals(discretized, twice)] == ["E045", "E045"]


def test_populations_share_steps(net) -> None:
    graph = discretized(print_graph(net("zoo")))
    assert graph.population("pool").step is graph.population("flat").step
    assert graph.population("pool").step is not graph.population("out").step
