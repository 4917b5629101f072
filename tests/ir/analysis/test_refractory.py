from __future__ import annotations

import pytest

from snncc.ir.analysis.refractory import refractory_steps
from snncc.ir.graph import Population
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_graph

REST = """snnir 2 network n dt {dt} threshold step spikes 1
model m {{ parameter rest "ms" 2.0 state v "mV" = 0.0 ports (i) spike v > 1.0 {rest} }}
population h hidden (4) model m (rest=1.5)
"""


@pytest.mark.parametrize(
    ("dt", "rest", "steps"),
    [(0.5, "refractory rest * 2.0", 6), (1.0, "refractory rest * 2.0", 3), (0.5, "", 0)],
)
def test_refractoriness_is_counted_in_steps_of_dt(dt, rest, steps) -> None:
    graph = run_pipeline(parse_graph(REST.format(dt=dt, rest=rest)))
    assert refractory_steps(graph.population("h")) == steps


def test_inputs_have_none() -> None:
    assert refractory_steps(Population("x", (2,), "input")) == 0
