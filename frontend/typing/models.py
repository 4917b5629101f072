"""Neuron models: from the clauses of a `neuron` block to `ir.neuron.NeuronModel`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import Const, Expr, names
from ...ir.graph import Call as IrCall
from ...ir.neuron import Assign, NeuronModel, Parameter, Refractory, State
from ...ir.noise import is_noise
from ...ir.report import Report, sound, twice
from ..syntax.files import Neuron, Synapse
from ..syntax.tree import (
    Call,
    Clause,
    Derivative,
    Emit,
    Expression,
    Facet,
    Learning,
    Name,
    On,
    Once,
    Param,
    Receive,
    RefractoryHold,
    Setting,
    SpikeWhen,
    StateVariable,
)
from ..units import NUMBER, TIME, VOLTAGE, Dimension, coherent, divide
from .arguments import bind
from .constants import EMPTY, Scope, evaluate, number
from .declarations import Declarations, Declared, Drawn
from .draws import by_index, derived, draw_of
from .equations import lower_as, lower_expression, unit_of
from .learning import Learns, learns
from .operators import Operand, mismatch

DEFAULT_PORT = "i"


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """A neuron model and what the language knows of it beyond the IR.

    `values` are its parameters in coherent units, None where one must still be given; `learnt`
    are those that a training changes; `drawn` are those, and the states, of which each neuron has
    its own, whose value is None.
    """

    neuron: NeuronModel
    parameters: Mapping[str, Declared]
    ports: Mapping[str, Dimension]
    values: Mapping[str, float | None]
    learnt: Mapping[str, Learns | None] = field(default_factory=dict)
    states: Mapping[str, Declared] = field(default_factory=dict)
    drawn: Mapping[str, Drawn] = field(default_factory=dict)


C = TypeVar("C", bound=Clause | Facet)


def of_kind(kind: type[C], clauses: Iterable[Clause | Facet]) -> list[C]:
    """The clauses of a kind."""
    return [clause for clause in clauses if isinstance(clause, kind)]


def check_model(node: Neuron, report: Report) -> CheckedModel:
    """The model that a `neuron` block describes; all its mistakes at once."""
    table, last = Declarations(report), report.last
    parameters = parameters_of(node, table)
    learnt = _learnt(node, table)
    _declare_variables(node, table)
    states = states_of(node, table)
    on_input = _jumps("input", node, table)
    on_spike = _jumps("spike", node, table)
    derivatives = derivatives_of(node, table)
    spike = report.attempt(_spike, node, table)
    refractory = report.attempt(_refractory, node, table)
    emit = report.attempt(_emit, node, table)
    report.require_none_since(last)
    neuron = NeuronModel(
        node.name.text,
        parameters,
        states,
        (*table.ports, *table.noises),
        derivatives,
        on_input,
        sound(spike),
        on_spike,
        sound(refractory),
        sound(emit),
        node.name.span,
    )
    _require_used_ports(neuron, table)
    ports = {name: port.dimension for name, port in table.ports.items()}
    values = {p.name: p.default for p in parameters}
    return CheckedModel(neuron, table.parameters, ports, values, learnt, table.states, table.drawn)


def parameters_of(node: Neuron | Synapse, table: Declarations) -> tuple[Parameter, ...]:
    """The parameters of a model, entered in the table."""
    return table.report.each(_parameter, of_kind(Param, node.clauses), table)


def _parameter(clause: Param, table: Declarations) -> Parameter:
    dimension = unit_of(clause.unit)
    table.declare(table.parameters, clause.name, dimension)
    if clause.default is None:
        return Parameter(clause.name.text, coherent(dimension), None)
    note, declared = Note(clause.unit.span, "its unit"), table.parameters[clause.name.text]
    others = {n: d for n, d in table.parameters.items() if d is not declared}
    drawn = draw_of(clause.default, EMPTY, declared, table.report)
    drawn = drawn or derived(clause.default, table.symbols(others), declared, note)
    if drawn is not None:
        table.drawn[clause.name.text] = drawn
        return Parameter(clause.name.text, coherent(dimension), None)
    value = number(evaluate(clause.default, EMPTY), clause.default.span, dimension, note)
    return Parameter(clause.name.text, coherent(dimension), value)


def _learnt(node: Neuron, table: Declarations) -> dict[str, Learns | None]:
    clauses = [c for c in of_kind(Param, node.clauses) if c.name.text in table.parameters]
    return dict(table.report.each(_learns, clauses, table))


def _learns(clause: Param, table: Declarations) -> tuple[str, Learns | None]:
    name = clause.name.text
    declared = table.parameters[name]
    return name, learns(clause.learning, declared, name, EMPTY, table.report)


def _declare_variables(node: Neuron, table: Declarations) -> None:
    ports = of_kind(Receive, node.clauses)
    table.report.each(declare_state, of_kind(StateVariable, node.clauses), table)
    table.report.each(_declare_port, ports, table)
    if not ports and table.find(DEFAULT_PORT) is None:
        table.ports[DEFAULT_PORT] = Declared(VOLTAGE, node.name.span)


def declare_state(clause: StateVariable, table: Declarations) -> None:
    """Enter a state in the table."""
    table.declare(table.states, clause.name, unit_of(clause.unit))


def _declare_port(clause: Receive, table: Declarations) -> None:
    dimension = VOLTAGE if clause.unit is None else unit_of(clause.unit)
    table.declare(table.ports, clause.name, dimension)


def states_of(node: Neuron | Synapse, table: Declarations) -> tuple[State, ...]:
    """The states of a model, which the table has."""
    clauses = [c for c in of_kind(StateVariable, node.clauses) if c.name.text in table.states]
    return table.report.each(_state, clauses, table)


def _state(clause: StateVariable, table: Declarations) -> State:
    declared = table.states[clause.name.text]
    note = Note(clause.unit.span, "its unit")
    drawn = draw_of(clause.init, EMPTY, declared, table.report)
    if drawn is not None:
        table.drawn[clause.name.text] = drawn
        return State(clause.name.text, coherent(declared.dimension), Const(0.0))
    init = lower_as(clause.init, table.symbols(table.parameters), declared.dimension, note)
    return State(clause.name.text, coherent(declared.dimension), init)


def _jumps(event: str, node: Neuron, table: Declarations) -> tuple[Assign, ...]:
    clauses = [clause for clause in of_kind(On, node.clauses) if clause.event == event]
    _require_single(clauses, table)
    assignments = [a for clause in clauses for a in clause.assignments]
    return table.report.each(assign_of, assignments, table)


def assign_of(setting: Setting, table: Declarations) -> Assign:
    """What a jump assigns to a state."""
    name = setting.name
    state = table.state(name)
    note = Note(state.span, f"`{name.text}` is declared here")
    return Assign(name.text, lower_as(setting.value, table.all_symbols(), state.dimension, note))


def derivatives_of(node: Neuron | Synapse, table: Declarations) -> tuple[Assign, ...]:
    """The equations of a model, one of a state."""
    first: dict[str, Span] = {}
    return table.report.each(_derivative, of_kind(Derivative, node.clauses), table, first)


def _derivative(clause: Derivative, table: Declarations, first: dict[str, Span]) -> Assign:
    above = clause.above
    if clause.below.text != "dt" or not above.text.startswith("d") or len(above.text) < 2:
        message = f"`{above.text}/{clause.below.text}` is not a derivative"
        way_out = "an equation reads `dv/dt = …`, a jump `on spike { v = … }`"
        raise CompileError(Diagnostic("E030", message, above.span, help=way_out))
    state = above.text[1:]
    declared = table.state(Name(state, above.span._replace(start=above.span.start + 1)))
    if state in first:
        raise CompileError(twice(f"{above.text}/dt", above.span, first[state]))
    first[state] = above.span
    unit = divide(declared.dimension, TIME)
    note = Note(declared.span, f"`{state}` is declared here; its derivative is per time")
    return Assign(state, lower_as(clause.value, table.of_equations(), unit, note))


def _spike(node: Neuron, table: Declarations) -> Expr | None:
    clauses = of_kind(SpikeWhen, node.clauses)
    _require_single(clauses, table)
    if clauses:
        return lower_as(clauses[0].condition, table.all_symbols(), None)
    if not of_kind(Emit, node.clauses):
        message = f"the model `{node.name.text}` never spikes and emits nothing else"
        way_out = "add a condition, such as `spike when v > v_th`, or, to read out, `emit v`"
        raise CompileError(Diagnostic("E030", message, node.name.span, help=way_out))
    jumps = [clause for clause in of_kind(On, node.clauses) if clause.event == "spike"]
    idle: list[Once] = [*jumps, *of_kind(RefractoryHold, node.clauses)]
    if idle:
        raise CompileError(map(_idle, idle))
    return None


def _idle(clause: Once) -> Diagnostic:
    message = f"`{_words(clause)}` of a model that never spikes"
    way_out = "add a condition, such as `spike when v > v_th`, or leave this out"
    return Diagnostic("E030", message, clause.span, help=way_out)


def _emit(node: Neuron, table: Declarations) -> Expr | None:
    clauses = of_kind(Emit, node.clauses)
    _require_single(clauses, table)
    if not clauses:
        return None
    value = clauses[0].value
    typed = lower_expression(value, table.all_symbols())
    if typed.kind is None:
        raise mismatch(NUMBER, Operand(None, value.span))
    return typed.expr


def _refractory(node: Neuron, table: Declarations) -> Refractory | None:
    clauses = of_kind(RefractoryHold, node.clauses)
    _require_single(clauses, table)
    if not clauses:
        return None
    hold = table.report.each(assign_of, clauses[0].hold, table)
    return Refractory(_duration(clauses[0], table), hold)


def _duration(clause: RefractoryHold, table: Declarations) -> Expr:
    duration = lower_as(clause.duration, table.all_symbols(), TIME)
    variables = sorted(names(duration) - table.parameters.keys())
    if variables:
        message = f"the refractory time reads `{variables[0]}`, which changes"
        way_out = "it may read parameters only"
        raise CompileError(Diagnostic("E030", message, clause.duration.span, help=way_out))
    return duration


def _require_single(clauses: Sequence[Once], table: Declarations) -> None:
    again = [twice(_words(c), c.span, clauses[0].span) for c in clauses[1:]]
    if again:
        table.report.fail(CompileError(again))


def _words(clause: Once) -> str:
    return f"on {clause.event}" if isinstance(clause, On) else _WORDS[type(clause)]


_WORDS: dict[type[Once], str] = {
    SpikeWhen: "spike when",
    RefractoryHold: "refractory",
    Emit: "emit",
}


def _require_used_ports(model: NeuronModel, table: Declarations) -> None:
    expressions = [a.value for a in (*model.derivatives, *model.on_input)]
    expressions += [e for e in (model.spike, model.emit) if e is not None]
    used = frozenset[str]().union(*map(names, expressions))
    unused = [
        Diagnostic(
            "E030",
            f"nothing reads the port `{port}`",
            table.ports[port].span,
            help=f"add `on input {{ … }}`, or use `{port}` in an equation",
        )
        for port in model.ports
        if port not in used and port != DEFAULT_PORT and not is_noise(port)
    ]
    if unused:
        raise CompileError(unused)


def with_arguments(model: CheckedModel, call: Call, scope: Scope, report: Report) -> CheckedModel:
    """The model with the parameters that a call sets."""
    if not call.arguments:
        return model
    given = bind(call, tuple(model.parameters), tuple(model.states))
    attempts = {
        name: report.attempt(_given, name, node, model, scope, report)
        for name, node in given.items()
    }
    said = [a for a in call.arguments if a.name is not None and a.learning is not None]
    learnt = {
        a.name.text: report.attempt(_learns_given, a.learning, a.name, model, scope, report)
        for a in said
        if a.name is not None
    }
    values = {name: sound(value) for name, value in attempts.items()}
    plain = {n: v if isinstance(v, float) else None for n, v in values.items()}
    drawn = {n: v for n, v in values.items() if isinstance(v, Drawn)}
    return replace(
        model,
        values={**model.values, **{n: v for n, v in plain.items() if n in model.parameters}},
        learnt={**model.learnt, **{n: sound(v) for n, v in learnt.items()}},
        drawn={**{n: v for n, v in model.drawn.items() if n not in values}, **drawn},
    )


def _given(
    name: str, node: Expression, model: CheckedModel, scope: Scope, report: Report
) -> float | Drawn:
    """What is given for a parameter, or for the first value of a state."""
    declared = model.parameters.get(name) or model.states[name]
    note = Note(declared.span, f"`{name}` is declared here")
    drawn = draw_of(node, scope, declared, report) or by_index(node, scope, declared, note)
    if drawn is not None:
        return drawn
    value = number(evaluate(node, scope), node.span, declared.dimension, note)
    if name in model.parameters:
        return value
    return Drawn(IrCall("constant", (("value", value),)), node.span)


def _learns_given(
    said: Learning | None, name: Name, model: CheckedModel, scope: Scope, report: Report
) -> Learns | None:
    if name.text in model.states and said is not None and said.trainable is not None:
        message = f"`{name.text}` is a state, and first values of states are not trained"
        way_out = "leave `trainable` out; a parameter can be trained, and a state start at it"
        raise CompileError(Diagnostic("E051", message, said.span, help=way_out))
    declared = model.parameters.get(name.text) or model.states[name.text]
    return learns(said, declared, name.text, scope, report)


def settled(model: CheckedModel, call: Call) -> dict[str, float]:
    """The parameters of the model that are one value, with it; refuses a model that lacks one."""
    lacking = [n for n, value in model.values.items() if value is None and n not in model.drawn]
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
    return {name: value for name, value in model.values.items() if value is not None}
