"""The passes in their order."""

from dataclasses import dataclass, replace

import pytest
from refusal import refused
from timing import slower_than

from snncc.ir.graph import Call, Graph, Population, Projection
from snncc.ir.neuron import NeuronModel
from snncc.ir.passes.pipeline import PIPELINE, run_pipeline
from snncc.ir.text import parse_graph, print_graph
from snncc.ir.verify import GraphError


def test_each_pass_is_told_of(net) -> None:
    seen = []
    graph = run_pipeline(net("zoo"), lambda name, made: seen.append((name, made)))
    assert [name for name, _ in seen] == [each.name for each in PIPELINE]
    assert seen[-1][1] is graph


def test_a_pipeline_on_its_own_result_changes_nothing(net) -> None:
    graph = run_pipeline(net("zoo"))
    assert run_pipeline(graph) == graph


def test_the_given_graph_stays(net) -> None:
    graph = net("zoo")
    before = print_graph(graph)
    run_pipeline(graph)
    assert print_graph(graph) == before


def test_a_pass_gets_what_it_requires(net) -> None:
    with pytest.raises(GraphError, match="discretize needs shapes"):
        run_pipeline(net("zoo"), passes=PIPELINE[1:])


@dataclass(frozen=True)
class Spoil:
    name: str = "spoil"
    requires: frozenset[str] = frozenset()
    ensures: frozenset[str] = frozenset()

    def run(self, graph: Graph) -> Graph:
        return replace(graph, projections=graph.projections[:1] * 2)


def test_the_verifier_runs_after_each_pass(net) -> None:
    with pytest.raises(GraphError, match="projection twice"):
        run_pipeline(net("worked"), passes=(Spoil(),))
    lazy = replace(Spoil(), ensures=frozenset({"steps"}))
    object.__setattr__(lazy, "run", lambda graph: graph)
    with pytest.raises(GraphError, match="spoil did not give steps"):
        run_pipeline(net("worked"), passes=(lazy,))


def test_inputs_last_equally_long() -> None:
    text = "snnir 2 network n dt 0.5 threshold step spikes 1\n"
    text += "population a input (1) encode spikes(duration=20.0)\n"
    graph = parse_graph(text)
    longer = Population("b", (1,), "input", encoding=Call("spikes", (("duration", 21.0),)))
    refused("E044", run_pipeline, replace(graph, populations=(*graph.populations, longer)))
    uneven = replace(longer, encoding=Call("spikes", (("duration", 20.2),)))
    refused("E045", run_pipeline, replace(graph, populations=(uneven,)))


def chain(model: NeuronModel, count: int) -> Graph:
    """Populations with parameters of their own, each feeding another."""
    dense, init = Call("dense"), Call("constant", (("value", 1.0),))
    populations = tuple(
        Population(
            f"h{k}", (4,), "hidden", model,
            (("tau_mem", 4.0 + k), ("tau_syn", 2.0), ("v_th", 1.0), ("refractory", 1.0)),
        )
        for k in range(count)
    )  # fmt: skip
    projections = tuple(
        Projection(f"p{k}", f"h{k}", f"h{(k * 7 + 1) % count}", dense, init, delay=1)
        for k in range(count)
    )
    return Graph("large", 1.0, populations, projections)


@pytest.mark.slow
def test_ten_thousand_populations(net) -> None:
    """Ten times the graph takes about ten times as long, not a hundred."""
    model = net("worked").population("h").model
    large, small = chain(model, 10_000), chain(model, 1_000)
    graph = run_pipeline(large)
    assert len({id(p.step) for p in graph.populations}) == 1
    assert len({p.constants for p in graph.populations}) == 10_000
    assert not slower_than(15, lambda: run_pipeline(large), lambda: run_pipeline(small))
