"""Each invariant, broken once."""

from dataclasses import replace

import pytest
from refusal import refused

from snncc.ir.expr import Apply, Const, Ref, apply
from snncc.ir.graph import Block, Call, Graph, Semantics
from snncc.ir.neuron import KEEP, LAST_EMITTED, TRACE, Assign, State
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.types import DType, Fixed
from snncc.ir.verify import GraphError, properties, verify

ALL = frozenset({"shapes", "steps", "folded", "schedule"})


@pytest.fixture
def graph(net) -> Graph:
    return run_pipeline(net("worked"))


def population(graph: Graph, name: str = "h", **fields) -> Graph:
    made = (replace(p, **fields) if p.name == name else p for p in graph.populations)
    return replace(graph, populations=tuple(made))


def projection(graph: Graph, **fields) -> Graph:
    return replace(graph, projections=(replace(graph.projections[0], **fields),))


def model(graph: Graph, **fields) -> Graph:
    return population(graph, model=replace(graph.population("h").model, **fields))


def step(graph: Graph, **fields) -> Graph:
    return population(graph, step=replace(graph.population("h").step, **fields))


def added(graph: Graph, *names: str, dtype: DType = DType.F32) -> Graph:
    """The graph with more states in the step of h."""
    states = (State(name, "1", Const(0, dtype), dtype) for name in names)
    return step(graph, states=(*graph.population("h").step.states, *states))


def test_a_good_graph_holds(graph, net) -> None:
    assert verify(graph) == ALL
    assert verify(net("worked")) == {"shapes"}
    assert verify(net("zoo")) == frozenset()


V, W = Ref("v"), Ref("w")
CODE = Fixed(8, 4)
POOL = Call("pool2d", (("kernel", 2), ("stride", 0)))
MISTYPED = Apply("add", (V, Const(1, DType.I32)), DType.F32)

BROKEN = {
    "dt": lambda g: replace(g, dt=0.0),
    "threshold": lambda g: replace(g, semantics=Semantics("sometimes")),
    "spikes": lambda g: replace(g, semantics=Semantics(spikes_per_step=0)),
    "dt not a number": lambda g: replace(g, dt=float("nan")),
    "population twice": lambda g: replace(g, populations=g.populations * 2),
    "no name": lambda g: projection(g, name=""),
    "role": lambda g: population(g, role="inner"),
    "role of input": lambda g: population(g, "x", role="output"),
    "shape of floats": lambda g: population(g, shape=(2.0,)),
    "shape of nothing": lambda g: population(g, shape=(0,)),
    "method": lambda g: population(g, method="heun"),
    "parameter missing": lambda g: population(g, parameters=g.population("h").parameters[1:]),
    "parameter infinite": lambda g: population(
        g, parameters=(("tau_mem", float("inf")), *g.population("h").parameters[1:])
    ),
    "encoding of a population": lambda g: population(g, encoding=Call("spikes")),
    "encoding unknown": lambda g: population(g, "x", encoding=Call("morse")),
    "constants": lambda g: population(g, constants=(1.0,)),
    "step of an input": lambda g: population(
        g, "x", step=g.population("h").step, constants=g.population("h").constants
    ),
    "projection twice": lambda g: replace(g, projections=g.projections * 2),
    "unknown end": lambda g: projection(g, pre="y"),
    "connectivity": lambda g: projection(g, connectivity=Call("full")),
    "argument missing": lambda g: projection(g, connectivity=Call("sparse")),
    "argument too many": lambda g: projection(g, connectivity=Call("dense", (("p", 1.0),))),
    "argument kind": lambda g: projection(g, connectivity=Call("sparse", (("p", "half"),))),
    "argument twice": lambda g: projection(
        g, connectivity=Call("sparse", (("p", 0.5), ("p", 0.5)))
    ),
    "argument out of range": lambda g: projection(g, connectivity=Call("sparse", (("p", 1.5),))),
    "argument not a number": lambda g: projection(
        g, connectivity=Call("sparse", (("p", float("nan")),))
    ),
    "a pool that learns": lambda g: projection(g, connectivity=POOL),
    "init": lambda g: projection(g, init=Call("xavier")),
    "init out of range": lambda g: projection(g, init=Call("kaiming", (("gain", -1.0),))),
    "weight beyond float32": lambda g: projection(g, init=Call("constant", (("value", 1e39),))),
    "encoding out of range": lambda g: population(
        g, "x", encoding=Call("spikes", (("duration", 0.0),))
    ),
    "negative delay": lambda g: projection(g, delay=-1),
    "endless delay": lambda g: projection(g, delay=10**400),
    "delay of a float": lambda g: projection(g, delay=1.0),
    "port": lambda g: projection(g, port="j"),
    "input as target": lambda g: projection(g, post="x"),
    "schedule twice": lambda g: replace(g, schedule=g.schedule * 2),
    "schedule short": lambda g: replace(g, schedule=g.schedule[:1]),
    "schedule backwards": lambda g: replace(g, schedule=g.schedule[::-1]),
    "recurrent or not": lambda g: replace(
        g, schedule=(g.schedule[0], Block(g.schedule[1].populations, True))
    ),
    "model: unknown name": lambda g: model(g, on_spike=(Assign("v", W),)),
    "model: no state": lambda g: model(g, on_spike=(Assign("w", V),)),
    "model: type": lambda g: model(g, on_spike=(Assign("v", Const(0, DType.I32)),)),
    "model: mistyped": lambda g: model(g, on_spike=(Assign("v", MISTYPED),)),
    "model: a reset of what never fires": lambda g: model(g, spike=None),
    "model: emission": lambda g: model(g, emit=W),
    "model: spike": lambda g: model(g, spike=V),
    "model: operator": lambda g: model(g, spike=Apply("near", (V, V), DType.BOOL)),
    "model: literal": lambda g: model(g, on_spike=(Assign("v", Const(float("nan"))),)),
    "model: code": lambda g: model(g, spike=apply("lt", Const(200, CODE), Const(1, CODE))),
    "model: derivative of a code": lambda g: model(
        g,
        states=(*g.population("h").model.states, State("n", "1", Const(0, CODE), CODE)),
        derivatives=(Assign("n", Const(0, CODE)),),
    ),
    "model: names": lambda g: model(g, ports=("i", "v")),
    "model: reserved": lambda g: model(g, ports=("i", "spiked")),
    "model: two derivatives": lambda g: model(g, derivatives=(Assign("v", V), Assign("v", V))),
    "model: derivative reads SPIKED": lambda g: model(
        g, on_spike=(Assign("v", Apply("select", (Ref("spiked", DType.BOOL), V, V), DType.F32)),)
    ),
    "step: unknown name": lambda g: step(g, decay=(Assign("v", W),)),
    "step: no state": lambda g: step(g, reset=(Assign("w", V),)),
    "step: threshold": lambda g: step(g, threshold=V),
    "step: emission": lambda g: step(g, emit=Ref("spiked", DType.BOOL)),
    "step: a reset of what never fires": lambda g: step(g, threshold=None),
    "step: a counter that nothing sets": lambda g: step(g, refractory=None),
    "step: refractory steps change": lambda g: step(
        g, refractory=Ref("refractory_left", DType.I32)
    ),
    "step: refractory steps": lambda g: step(g, refractory=Const(2.5)),
    "step: a trace without its factor": lambda g: added(g, TRACE, LAST_EMITTED),
    "step: a trace without a sum": lambda g: added(g, KEEP, TRACE),
    "step: a trace of whole numbers": lambda g: added(
        g, KEEP, TRACE, LAST_EMITTED, dtype=DType.I32
    ),
    "step: a sum of another type": lambda g: added(step(g, emit=V), LAST_EMITTED, dtype=DType.I32),
    "step: ports": lambda g: step(g, ports=("i", "j")),
    "step: spiked too early": lambda g: step(
        g, decay=(Assign("v", Apply("select", (Ref("spiked", DType.BOOL), V, V), DType.F32)),)
    ),
}


def test_a_pool_that_does_not_learn(graph) -> None:
    assert verify(projection(graph, connectivity=POOL, lr_mult=0.0)) == ALL


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found(graph, what) -> None:
    broken = BROKEN[what](graph)
    with pytest.raises(GraphError):
        verify(broken)
    with pytest.raises(GraphError):
        verify(broken, before=graph)


def test_what_a_sender_emits_is_kept(graph) -> None:
    loop = replace(graph.projections[0], name="loop", pre="h", post="h")
    sending = replace(graph, projections=(*graph.projections, loop), schedule=None)
    assert "steps" in verify(sending)
    with pytest.raises(GraphError, match="loop: nothing keeps what h emits"):
        verify(step(sending, emit=V))
    kept = State(LAST_EMITTED, "1", Const(0.0))
    states = (*graph.population("h").step.states, kept)
    assert "steps" in verify(step(sending, emit=V, states=states))


def test_a_property_holds_for_all_or_none(net) -> None:
    graph = run_pipeline(net("zoo"))
    with pytest.raises(GraphError, match="some populations have a step"):
        properties(population(graph, "flat", step=None, constants=()))


def test_what_was_verified_is_not_looked_at_again(graph) -> None:
    """Only objects of the graph before count, not equal ones."""
    broken = population(graph, role="inner")
    assert verify(broken, before=broken) == ALL
    with pytest.raises(GraphError):
        verify(broken, before=graph)


def test_a_mistake_of_the_user_is_a_diagnostic(graph) -> None:
    short = population(graph, "x", encoding=Call("spikes", (("duration", 0.25),)))
    refused("E045", verify, short)
