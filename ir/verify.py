"""Invariants of a Graph, checked after every pass.

What fails here is a bug of ours (`GraphError`), except for the few mistakes of a user that only
show in the whole graph (`CompileError`). A property, such as "steps", holds for all of a graph or
for none of it; `properties` says which do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from math import isfinite

from .diagnostics import CompileError, Diagnostic, Note
from .expr import OPS, Apply, Const, Expr, Ref, apply, walk
from .graph import Call, Graph, Population, Projection
from .neuron import REFRACTORY, SPIKED, Assign, NeuronModel, NeuronStep, State
from .passes.discretize import METHODS
from .rules import ENCODINGS, Row
from .types import DType, Scalar
from .wiring import CONNECTIVITIES, INITS

ROLES = ("input", "hidden", "output")

Types = dict[str, Scalar]


class GraphError(AssertionError):
    """A graph that no program can give: a bug of ours, or a damaged text."""


def require(holds: bool, message: str) -> None:
    """GraphError unless it holds."""
    if not holds:
        raise GraphError(message)


def properties(graph: Graph) -> frozenset[str]:
    """The properties that hold; GraphError for one that holds for a part of the graph only."""
    return frozenset(name for name, holds in PROPERTIES.items() if holds(graph))


def _have_shapes(graph: Graph) -> bool:
    return all(p.shape for p in graph.populations)


def _have_steps(graph: Graph) -> bool:
    with_step = [p.step is not None for p in graph.populations if p.model is not None]
    require(all(with_step) or not any(with_step), "some populations have a step, some have none")
    return all(with_step)


def _are_folded(graph: Graph) -> bool:
    """True if the steps read numbered constants and no parameters."""
    if not _have_steps(graph):
        return False
    return not any(
        parameter.name in population.step.constants
        for population in _once(graph.populations, lambda p: id(p.step))
        if population.step is not None and population.model is not None
        for parameter in population.model.parameters
    )


def _are_scheduled(graph: Graph) -> bool:
    return graph.schedule is not None


PROPERTIES: dict[str, Callable[[Graph], bool]] = {
    "shapes": _have_shapes,
    "steps": _have_steps,
    "folded": _are_folded,
    "schedule": _are_scheduled,
}


def verify(graph: Graph) -> frozenset[str]:
    """The properties of the graph, all of whose invariants hold."""
    held = properties(graph)
    require(isfinite(graph.dt) and graph.dt > 0.0, f"dt is {graph.dt}")
    _require_distinct("population", [p.name for p in graph.populations])
    _require_distinct("projection", [p.name for p in graph.projections])
    for population in graph.populations:
        _verify_population(population)
    for model in {id(p.model): p.model for p in graph.populations}.values():
        if model is not None:
            _verify_model(model)
    for step in {id(p.step): p.step for p in graph.populations}.values():
        if step is not None:
            _verify_step(step)
    index = graph.index()
    for projection in graph.projections:
        _verify_projection(projection, index, held)
    _verify_schedule(graph)
    _verify_durations(graph)
    return held


def _once(items: Iterable[Population], key: Callable[[Population], int]) -> list[Population]:
    return list({key(item): item for item in items}.values())


def _require_distinct(what: str, names: list[str]) -> None:
    require(all(names), f"a {what} without a name")
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise GraphError(f"{what} twice: {', '.join(twice)}")


def _verify_population(population: Population) -> None:
    name, model = population.name, population.model
    require(population.role in ROLES, f"{name}: role {population.role!r}")
    require((population.role == "input") == (model is None), f"{name}: role and model disagree")
    require(all(type(n) is int and n > 0 for n in population.shape), f"{name}: shape")
    require(population.method in METHODS, f"{name}: method {population.method!r}")
    _require_finite(name, [value for _, value in population.parameters])
    _require_finite(name, population.constants)
    declared = [] if model is None else sorted(p.name for p in model.parameters)
    require(sorted(n for n, _ in population.parameters) == declared, f"{name}: parameters")
    require(population.encoding is None or model is None, f"{name}: an encoding of no input")
    if population.encoding is not None:
        _verify_call(name, population.encoding, ENCODINGS)
    count = 0 if population.step is None else len(population.step.constants)
    require(len(population.constants) == count, f"{name}: constants")


def _require_finite(name: str, values: Iterable[float]) -> None:
    for value in values:
        require(type(value) is float and isfinite(value), f"{name}: {value!r} is no finite float")


def _verify_call(where: str, call: Call, table: Mapping[str, Row]) -> None:
    require(call.kind in table, f"{where}: no row {call.kind!r}")
    given = [name for name, _ in call.arguments]
    wanted = [argument.name for argument in table[call.kind].arguments]
    require(sorted(given) == sorted(wanted), f"{where}: arguments {given} of {call.kind}")
    for name, value in call.arguments:
        _verify_value(f"{where}: {name}", value)


def _verify_value(where: str, value: object) -> None:
    if isinstance(value, tuple):
        for item in value:
            _verify_value(where, item)
        return
    plain = type(value) in (float, int, bool, str)
    require(plain or isinstance(value, (Const, Ref, Apply)), f"{where}: {type(value).__name__}")


def _verify_projection(
    projection: Projection, index: Mapping[str, Population], held: frozenset[str]
) -> None:
    name = projection.name
    for end in (projection.pre, projection.post):
        require(end in index, f"{name}: no population {end!r}")
    _verify_call(name, projection.connectivity, CONNECTIVITIES)
    _verify_call(name, projection.init, INITS)
    require(type(projection.delay) is int and projection.delay >= 0, f"{name}: delay")
    model = index[projection.post].model
    # Before infer_shapes, a wrong port or an input as target is a mistake yet to be reported.
    if "steps" in held:
        require(model is not None and projection.port in model.ports, f"{name}: port")


def _verify_schedule(graph: Graph) -> None:
    if graph.schedule is None:
        return
    scheduled = list(chain.from_iterable(block.populations for block in graph.schedule))
    require(sorted(scheduled) == sorted(p.name for p in graph.populations), "schedule: populations")
    place = {name: k for k, name in enumerate(scheduled)}
    for projection in graph.projections:
        early = place[projection.pre] < place[projection.post]
        require(early or projection.delay > 0, f"schedule: {projection.name} points back")


def _verify_durations(graph: Graph) -> None:
    """E044 for inputs that last for different times, E045 for one that ends within a step."""
    inputs = [p for p in graph.populations if p.encoding is not None]
    for population in inputs:
        steps = _duration(population) / graph.dt
        if steps < 0.5 or abs(steps - round(steps)) > 1e-6 * steps:
            raise CompileError(_part_of_step(population, graph.dt))
        if _duration(population) != _duration(inputs[0]):
            raise CompileError(_unequal_durations(inputs[0], population))


def _duration(population: Population) -> float:
    assert population.encoding is not None
    duration = population.encoding["duration"]
    require(isinstance(duration, (int, float)), f"{population.name}: duration")
    return float(str(duration))


def _part_of_step(population: Population, dt: float) -> Diagnostic:
    return Diagnostic(
        "E045",
        f"the input `{population.name}` lasts {_duration(population):g} ms, which is no whole "
        f"number of steps of {dt:g} ms",
        population.span,
        help="choose a duration that is a multiple of dt, at least one step",
    )


def _unequal_durations(first: Population, other: Population) -> Diagnostic:
    note = () if first.span is None else (Note(first.span, f"{_duration(first):g} ms here"),)
    return Diagnostic(
        "E044",
        f"inputs of one network last equally long, but `{first.name}` lasts "
        f"{_duration(first):g} ms and `{other.name}` {_duration(other):g} ms",
        other.span,
        related=note,
        help=f"write `duration = {_duration(first):g} ms`",
    )


def _verify_model(model: NeuronModel) -> None:
    parameters: Types = {p.name: DType.F32 for p in model.parameters}
    states: Types = {s.name: s.dtype for s in model.states}
    ports: Types = dict.fromkeys(model.ports, DType.F32)
    names = [*(p.name for p in model.parameters), *(s.name for s in model.states), *model.ports]
    _require_distinct(f"name in {model.name}", [*names, SPIKED, REFRACTORY])
    everything = parameters | states | ports
    for state in model.states:
        _verify_init(model.name, state, parameters)
    for assigns in (model.derivatives, model.on_input, model.on_spike):
        _verify_assigns(model.name, assigns, states, everything)
    _require_distinct(f"derivative in {model.name}", [a.target for a in model.derivatives])
    _verify_expr(model.name, model.spike, everything, DType.BOOL)
    if model.refractory is not None:
        _verify_expr(model.name, model.refractory.duration, parameters, DType.F32)
        _verify_assigns(model.name, model.refractory.hold, states, everything)


def _verify_step(step: NeuronStep) -> None:
    # A constant is a float; where a step reads it as another type it is a whole number.
    constants: dict[str, Scalar | None] = dict.fromkeys(step.constants)
    states: Types = {s.name: s.dtype for s in step.states}
    ports: Types = dict.fromkeys(step.ports, DType.F32)
    _require_distinct("name in a step", [*states, *ports, *constants])
    everything: dict[str, Scalar | None] = {**constants, **states, **ports}
    for state in step.states:
        _verify_init("step", state, constants)
    _verify_assigns("step", step.update, states, everything)
    _verify_expr("step", step.spike, everything, DType.BOOL)
    _verify_assigns("step", step.after, states, everything | {SPIKED: DType.BOOL})


def _verify_init(where: str, state: State, names: Mapping[str, Scalar | None]) -> None:
    _verify_expr(f"{where}: {state.name}", state.init, names, state.dtype)


def _verify_assigns(
    where: str, assigns: Iterable[Assign], states: Types, names: Mapping[str, Scalar | None]
) -> None:
    for assign in assigns:
        require(assign.target in states, f"{where}: {assign.target} is no state")
        _verify_expr(f"{where}: {assign.target}", assign.value, names, states[assign.target])


def _verify_expr(where: str, expr: Expr, names: Mapping[str, Scalar | None], dtype: Scalar) -> None:
    require(expr.dtype == dtype, f"{where}: {expr.dtype} in place of {dtype}")
    for node in walk(expr):
        if isinstance(node, Ref):
            require(node.name in names, f"{where}: unknown name {node.name}")
            known = names[node.name]
            require(known in (None, node.dtype), f"{where}: {node.name} read as {node.dtype}")
        elif isinstance(node, Const):
            require(isfinite(node.value), f"{where}: literal {node.value}")
        else:
            require(node.op in OPS, f"{where}: operator {node.op}")
            require(_is_typed(node), f"{where}: {node.op} mistyped")


def _is_typed(node: Apply) -> bool:
    try:
        return apply(node.op, *node.args) == node
    except TypeError:
        return False
