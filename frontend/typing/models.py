"""Neuron models: from the clauses of a `neuron` block to `ir.neuron.NeuronModel`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import Expr, names
from ...ir.neuron import Assign, NeuronModel, Parameter, Refractory, State
from ..report import Report, twice
from ..syntax.tree import (
    Assignment,
    Call,
    Clause,
    Derivative,
    Name,
    Neuron,
    OnInput,
    OnSpike,
    Param,
    Receive,
    RefractoryHold,
    SpikeWhen,
    StateVariable,
)
from ..units import TIME, VOLTAGE, Dimension, coherent, divide
from .arguments import bind
from .constants import EMPTY, Scope, evaluate, number
from .equations import lower_as, unit_of
from .symbols import Declared, Draft

DEFAULT_PORT = "i"


@dataclass(frozen=True, slots=True)
class Model:
    """A neuron model and what the language knows of it beyond the IR.

    `values` are its parameters in coherent units, None where one must still be given.
    """

    neuron: NeuronModel
    parameters: Mapping[str, Declared]
    ports: Mapping[str, Dimension]
    values: Mapping[str, float | None]


C = TypeVar("C", bound=Clause)


def _of(kind: type[C], clauses: Iterable[Clause]) -> list[C]:
    return [clause for clause in clauses if isinstance(clause, kind)]


def check_model(node: Neuron) -> Model:
    """The model that a `neuron` block describes; all its mistakes at once."""
    draft = Draft()
    parameters = _parameters(node, draft)
    _declare_variables(node, draft)
    states = _states(node, draft)
    on_input = _blocks(_of(OnInput, node.clauses), draft)
    on_spike = _blocks(_of(OnSpike, node.clauses), draft)
    derivatives = _derivatives(node, draft)
    spike = _spike(node, draft)
    refractory = _refractory(node, draft)
    draft.report.close()
    assert spike is not None
    neuron = NeuronModel(
        node.name.text,
        parameters,
        states,
        tuple(draft.ports),
        derivatives,
        on_input,
        spike,
        on_spike,
        refractory,
        span=node.name.span,
    )
    _require_used_ports(neuron, draft)
    ports = {name: declared.dimension for name, declared in draft.ports.items()}
    return Model(neuron, draft.parameters, ports, {p.name: p.default for p in parameters})


def _parameters(node: Neuron, draft: Draft) -> tuple[Parameter, ...]:
    clauses = _of(Param, node.clauses)
    parameters = [draft.report.attempt(_parameter, clause, draft) for clause in clauses]
    return tuple(p for p in parameters if p is not None)


def _parameter(clause: Param, draft: Draft) -> Parameter:
    dimension = unit_of(clause.unit)
    draft.declare(draft.parameters, clause.name, dimension)
    if clause.default is None:
        return Parameter(clause.name.text, coherent(dimension), None)
    note = Note(clause.unit.span, "its unit")
    value = number(evaluate(clause.default, EMPTY), clause.default.span, dimension, note)
    return Parameter(clause.name.text, coherent(dimension), value)


def _declare_variables(node: Neuron, draft: Draft) -> None:
    for state in _of(StateVariable, node.clauses):
        draft.report.attempt(_declare_state, state, draft)
    for receive in _of(Receive, node.clauses):
        draft.report.attempt(_declare_port, receive, draft)
    if not _of(Receive, node.clauses) and draft.find(DEFAULT_PORT) is None:
        draft.ports[DEFAULT_PORT] = Declared(VOLTAGE, node.name.span)


def _declare_state(clause: StateVariable, draft: Draft) -> None:
    draft.declare(draft.states, clause.name, unit_of(clause.unit))


def _declare_port(clause: Receive, draft: Draft) -> None:
    dimension = VOLTAGE if clause.unit is None else unit_of(clause.unit)
    draft.declare(draft.ports, clause.name, dimension)


def _states(node: Neuron, draft: Draft) -> tuple[State, ...]:
    clauses = _of(StateVariable, node.clauses)
    if not clauses:
        message = f"the model `{node.name.text}` has no state"
        way_out = "declare one, such as `state v: mV = 0 mV`"
        draft.report.extend([Diagnostic("E030", message, node.name.span, help=way_out)])
    states = [draft.report.attempt(_state, clause, draft) for clause in clauses]
    return tuple(s for s in states if s is not None)


def _state(clause: StateVariable, draft: Draft) -> State | None:
    declared = draft.states.get(clause.name.text)
    if declared is None:
        return None
    note = Note(clause.unit.span, "its unit")
    symbols = draft.symbols(draft.parameters)
    init = lower_as(clause.init, symbols, declared.dimension, note)
    return State(clause.name.text, coherent(declared.dimension), init)


def _blocks(clauses: list[OnInput] | list[OnSpike], draft: Draft) -> tuple[Assign, ...]:
    _require_single(clauses, draft)
    assignments = [a for clause in clauses for a in clause.assignments]
    return _assignments(assignments, draft)


def _assignments(assignments: Iterable[Assignment], draft: Draft) -> tuple[Assign, ...]:
    done = [draft.report.attempt(_assign, assignment, draft) for assignment in assignments]
    return tuple(a for a in done if a is not None)


def _assign(assignment: Assignment, draft: Draft) -> Assign:
    state = draft.state(assignment.target)
    note = Note(state.span, f"`{assignment.target.text}` is declared here")
    value = lower_as(assignment.value, draft.all_symbols(), state.dimension, note)
    return Assign(assignment.target.text, value)


def _derivatives(node: Neuron, draft: Draft) -> tuple[Assign, ...]:
    first: dict[str, Span] = {}
    derivatives = []
    for clause in _of(Derivative, node.clauses):
        derivative = draft.report.attempt(_derivative, clause, draft, first)
        if derivative is not None:
            derivatives.append(derivative)
    return tuple(derivatives)


def _derivative(clause: Derivative, draft: Draft, first: dict[str, Span]) -> Assign:
    above = clause.above
    if clause.below.text != "dt" or not above.text.startswith("d") or len(above.text) < 2:
        message = f"`{above.text}/{clause.below.text}` is not a derivative"
        way_out = "an equation reads `dv/dt = …`, a jump `on spike { v = … }`"
        raise CompileError(Diagnostic("E030", message, above.span, help=way_out))
    state = above.text[1:]
    declared = draft.state(Name(state, above.span))
    if state in first:
        raise CompileError(twice(f"{above.text}/dt", above.span, first[state]))
    first[state] = above.span
    unit = divide(declared.dimension, TIME)
    note = Note(declared.span, f"`{state}` is declared here; its derivative is per time")
    return Assign(state, lower_as(clause.value, draft.all_symbols(), unit, note))


def _spike(node: Neuron, draft: Draft) -> Expr | None:
    clauses = _of(SpikeWhen, node.clauses)
    _require_single(clauses, draft)
    if not clauses:
        message = f"the model `{node.name.text}` never spikes"
        way_out = "add a condition, such as `spike when v > v_th`"
        draft.report.extend([Diagnostic("E030", message, node.name.span, help=way_out)])
        return None
    return draft.report.attempt(lower_as, clauses[0].condition, draft.all_symbols(), None)


def _refractory(node: Neuron, draft: Draft) -> Refractory | None:
    clauses = _of(RefractoryHold, node.clauses)
    _require_single(clauses, draft)
    if not clauses:
        return None
    hold = _assignments(clauses[0].hold, draft)
    duration = draft.report.attempt(_duration, clauses[0], draft)
    return None if duration is None else Refractory(duration, hold)


def _duration(clause: RefractoryHold, draft: Draft) -> Expr:
    duration = lower_as(clause.duration, draft.all_symbols(), TIME)
    variables = sorted(names(duration) - draft.parameters.keys())
    if variables:
        message = f"the refractory time reads `{variables[0]}`, which changes"
        way_out = "it may read parameters only"
        raise CompileError(Diagnostic("E030", message, clause.duration.span, help=way_out))
    return duration


def _require_single(
    clauses: list[OnInput] | list[OnSpike] | list[SpikeWhen] | list[RefractoryHold], draft: Draft
) -> None:
    words = {
        OnInput: "on input",
        OnSpike: "on spike",
        SpikeWhen: "spike when",
        RefractoryHold: "refractory",
    }
    for again in clauses[1:]:
        draft.report.extend([twice(words[type(again)], again.span, clauses[0].span)])


def _require_used_ports(model: NeuronModel, draft: Draft) -> None:
    expressions = [a.value for a in (*model.derivatives, *model.on_input)]
    expressions += [e for e in (model.spike, model.emit) if e is not None]
    used = frozenset[str]().union(*map(names, expressions))
    unused = [
        Diagnostic(
            "E030",
            f"nothing reads the port `{port}`",
            draft.ports[port].span,
            help=f"add `on input {{ … }}`, or use `{port}` in an equation",
        )
        for port in model.ports
        if port not in used and port != DEFAULT_PORT
    ]
    if unused:
        raise CompileError(unused)


def with_arguments(model: Model, call: Call, scope: Scope) -> Model:
    """The model with the parameters that a call sets."""
    if not call.arguments:
        return model
    report, values = Report(), dict(model.values)
    for name, node in bind(call, tuple(model.parameters)).items():
        declared = model.parameters[name]
        note = Note(declared.span, f"`{name}` is declared here")
        value = report.attempt(evaluate, node, scope)
        if value is not None:
            given = report.attempt(number, value, node.span, declared.dimension, note)
            values[name] = values[name] if given is None else given
    report.close()
    return replace(model, values=values)


def settled(model: Model, call: Call) -> tuple[tuple[str, float], ...]:
    """Every parameter of the model with its value; refuses a model that lacks one."""
    lacking = [name for name, value in model.values.items() if value is None]
    if lacking:
        raise CompileError(
            [
                Diagnostic(
                    "E013",
                    f"`{call.name.text}` needs the parameter `{name}`",
                    call.name.span,
                    related=(Note(model.parameters[name].span, "it has no default"),),
                    help=f"write `{call.name.text}({name} = …)`",
                )
                for name in lacking
            ]
        )
    return tuple((name, value) for name, value in model.values.items() if value is not None)
