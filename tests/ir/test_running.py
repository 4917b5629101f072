from __future__ import annotations

import pytest
from compiled_texts import compiled_text

from snncc.ir.diagnostics import CompileError
from snncc.ir.running import Probe, RunSpec, all_of, lasting, run_problem, seen, settled
from snncc.ir.text import parse_graph, print_graph
from snncc.ir.verify.durations import steps_of

NET = """
network n {
  dt = 0.5 ms
  input x[3] encode poisson(duration = 10 ms, rate = 100 Hz)
  input z[3] encode current(duration = 10 ms)
  population h[4] : lif
  x -> h : dense
  z -> h : dense
}
"""
ALONE = "network n { population h[4] : lif }"


def test_inputs_last_as_long_as_the_run() -> None:
    graph = lasting(compiled_text(NET).graph, 30.0)
    assert steps_of(graph) == 60
    encoding = graph.population("x").encoding
    assert encoding is not None
    assert encoding["rate"] == 100.0
    assert parse_graph(print_graph(graph)) == graph


def test_nothing_says_how_long() -> None:
    graph = compiled_text(ALONE).graph
    with pytest.raises(CompileError, match="nothing says how long it runs"):
        steps_of(graph)
    assert steps_of(lasting(graph, 7.0)) == 7
    assert parse_graph(print_graph(lasting(graph, 7.0))) == lasting(graph, 7.0)


def test_given_trains_last_as_long_as_they_are() -> None:
    text = NET.replace("poisson(duration = 10 ms, rate = 100 Hz)", "spikes(duration = 10 ms)")
    graph = compiled_text(text).graph
    assert lasting(graph, 10.0).populations == graph.populations
    with pytest.raises(CompileError) as refused:
        lasting(graph, 11.0)
    assert refused.value.diagnostics[0].code == "E062"


def test_what_can_be_seen() -> None:
    graph = compiled_text(NET).graph
    probes = all_of(graph, has_states=True)
    assert [(p.what, p.population) for p in probes if p.population == "h"] == [
        ("spikes", "h"),
        *((state, "h") for state in seen(graph.population("h"))),
    ]
    assert {"v", "c", "refractory_left"} == set(seen(graph.population("h")))
    assert run_problem(graph, RunSpec(5.0, probes)) == ""
    assert sum(p.neurons for p in all_of(graph, has_states=False)) == 10


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (RunSpec(0.7), "no whole number of steps"),
        (RunSpec(None, (Probe("spikes", "y", 0, 1),)), "no population `y`"),
        (RunSpec(None, (Probe("w", "h", 0, 1),)), "no state `w`"),
        (RunSpec(None, (Probe("v", "h", 0, 5),)), "has not the neurons"),
        (RunSpec(None, (Probe("v", "h", 2, 2),)), "has not the neurons"),
        (RunSpec(None, (Probe("v", "h", 0, 1, 0),)), "has not the neurons"),
    ],
)
def test_what_a_network_has_not(run: RunSpec, why: str) -> None:
    assert why in run_problem(compiled_text(NET).graph, run)


def test_what_is_open_is_settled_with_the_network() -> None:
    """The shape of a population may follow from a projection."""
    graph = compiled_text(NET).graph
    found = settled(graph, RunSpec(5.0, (Probe("v", "h", 0, 0), Probe("spikes", "h", 1, 3))))
    assert [p.end for p in found.probes] == [4, 3]
    for run, code in (
        (RunSpec(None, (Probe("v", "h", 0, 9),)), "E044"),
        (RunSpec(None, (Probe("w", "h", 0, 0),)), "E044"),
    ):
        with pytest.raises(CompileError) as refused:
            settled(graph, run)
        assert refused.value.diagnostics[0].code == code
    given = NET.replace("poisson(duration = 10 ms, rate = 100 Hz)", "spikes(duration = 10 ms)")
    with pytest.raises(CompileError, match="given spike trains"):
        settled(compiled_text(given).graph, RunSpec(11.0))
