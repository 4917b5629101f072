"""Invariants of synapse models, and which projections cannot have one."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import names
from ..graph import Graph, Population, Projection
from ..rules import sends_numbers
from ..schemes.events import constants_of, starts_of, synapse_step, terms_of
from ..synapse import SENT, WEIGHT, Synapse, SynapseModel
from ..types import DType
from .neurons import Types, verify_assigns, verify_expr
from .require import require, require_distinct, require_finite

WINDOWS = ("conv2d", "pool2d")  # connectivities whose synapses share their weights


def verify_synapse(where: str, synapse: Synapse) -> None:
    """GraphError unless the model holds and every parameter has a value."""
    model = synapse.model
    _verify_model(model)
    require_finite(where, [value for _, value in synapse.parameters])
    declared = sorted(p.name for p in model.parameters)
    require(sorted(n for n, _ in synapse.parameters) == declared, f"{where}: parameters")


def _verify_model(model: SynapseModel) -> None:
    parameters: Types = {p.name: DType.F32 for p in model.parameters}
    states: Types = {s.name: s.dtype for s in model.states} | {WEIGHT: DType.F32}
    named = [*parameters, *(s.name for s in model.states), WEIGHT, SENT]
    require_distinct(f"name in {model.name}", named)
    require_finite(model.name, [p.default for p in model.parameters if p.default is not None])
    for state in model.states:
        require(state.dtype is DType.F32, f"{model.name}: {state.name} is no float")
        verify_expr(f"{model.name}: {state.name}", state.init, parameters, DType.F32)
    known = parameters | states
    verify_assigns(model.name, (*model.derivatives, *model.on_post), states, known)
    verify_assigns(model.name, model.on_pre, states | {SENT: DType.F32}, known)
    require_distinct(f"derivative in {model.name}", [a.target for a in model.derivatives])
    sent = [a for a in model.on_pre if a.target == SENT]
    require(len(sent) == 1, f"{model.name}: emits {len(sent)} times")


def synapse_problem(
    projection: Projection, pre: Population, has_numbers: bool, dt: float
) -> Diagnostic | None:
    """Why the synapses of a projection cannot have their model; `has_numbers`: `pre` sends
    numbers."""
    synapse = projection.synapse
    assert synapse is not None
    name, place = synapse.model.name, projection.span
    kind = projection.connectivity.kind
    if kind in WINDOWS:
        message = f"the synapses of `{kind}` share their weights, and those of `{name}` hold states"
        way_out = "take a dense or listed wiring, such as `expression(where = …)`"
        return Diagnostic("E042", message, place, help=way_out)
    if has_numbers:
        message = f"`{pre.name}` sends numbers in every step, and `{name}` waits for spikes"
        return Diagnostic("E044", message, place, help="leave `via` out, or join neurons that fire")
    try:
        synapse_step(synapse.model)
    except CompileError as error:
        return error.diagnostics[0]
    return _not_finite(synapse, place, dt)


def _not_finite(synapse: Synapse, place: Span | None, dt: float) -> Diagnostic | None:
    numbers = (*terms_of(synapse, dt, 1).ravel(), *starts_of(synapse), *constants_of(synapse))
    if all(number == number and abs(number) < float("inf") for number in numbers):
        return None
    read = frozenset[str]().union(
        *(names(a.value) for a in synapse.model.derivatives),
        *(names(s.init) for s in synapse.model.states),
    )
    given = [f"`{name} = {value:g}`" for name, value in synapse.parameters if name in read]
    message = f"the parameters of `{synapse.model.name}` give no finite step or first value"
    way_out = f"check {', '.join(given)}" if given else "its equations grow too fast"
    return Diagnostic("E022", message, place, help=way_out)


def synapse_problems(graph: Graph) -> tuple[Diagnostic, ...]:
    """What is wrong with the synapses of all projections that have a model."""
    index = graph.index()
    found = (
        synapse_problem(p, index[p.pre], _has_numbers(index[p.pre]), graph.dt)
        for p in graph.projections
        if p.synapse is not None
    )
    return tuple(problem for problem in found if problem is not None)


def _has_numbers(population: Population) -> bool:
    emits = population.model is not None and population.model.emit is not None
    return emits or sends_numbers(population)
