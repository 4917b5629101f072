"""Synapse models: from the clauses of a `synapse` block to `ir.synapse.SynapseModel`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.neuron import Assign
from ...ir.report import Report, sound, twice, unknown
from ...ir.synapse import SENT, WEIGHT, SynapseModel
from ...ir.synapse import Synapse as SynapseUse
from ..syntax.files import Synapse
from ..syntax.tree import Call, Emit, Expression, OnEvent, Param, Setting, StateVariable, Weighed
from ..units import VOLTAGE, Dimension, coherent
from .arguments import bind
from .constants import Scope, evaluate, number
from .declarations import Declarations, Declared
from .draws import draw_of
from .equations import lower_as, unit_of
from .models import assign_of, declare_state, derivatives_of, of_kind, parameters_of, states_of

EVENTS = ("pre", "post")


@dataclass(frozen=True, slots=True)
class CheckedSynapse:
    """A synapse model and what the language knows of it: its parameters with their values, None
    where one must be given, and the dimension of its weights."""

    synapse: SynapseModel
    parameters: Mapping[str, Declared]
    values: Mapping[str, float | None]
    weight: Declared


def check_synapse(node: Synapse, report: Report) -> CheckedSynapse:
    """The model that a `synapse` block describes; all its mistakes at once."""
    table, last = Declarations(report), report.last
    weight = report.attempt(_weight, node, table)
    parameters = parameters_of(node, table)
    report.each(_refuse_more, of_kind(Param, node.clauses), table)
    report.each(declare_state, of_kind(StateVariable, node.clauses), table)
    states = states_of(node, table)
    report.each(_refuse_drawn, of_kind(StateVariable, node.clauses), table)
    report.each(_event, of_kind(OnEvent, node.clauses), node, table)
    jumps = {name: report.attempt(_jumps, name, node, table) for name in EVENTS}
    derivatives = derivatives_of(node, table)
    report.attempt(_refuse_noise, node, table)
    report.require_none_since(last)
    declared = sound(weight)
    model = SynapseModel(
        node.name.text,
        parameters,
        states,
        coherent(declared.dimension),
        derivatives,
        sound(jumps["pre"]),
        sound(jumps["post"]),
        node.name.span,
    )
    values = {p.name: p.default for p in parameters}
    return CheckedSynapse(model, table.parameters, values, declared)


def _weight(node: Synapse, table: Declarations) -> Declared:
    """The declaration of the weight, which is a name like that of a state."""
    dimension, span = VOLTAGE, node.name.span
    table.states[WEIGHT] = Declared(dimension, span)
    said = of_kind(Weighed, node.clauses)
    for clause in said:
        if clause.name.text != WEIGHT:
            message = f"`{clause.name.text}` is declared without a word"
            way_out = (
                f"write `state {clause.name.text}: … = …`, or `weight: mV` for the unit of weights"
            )
            raise CompileError(Diagnostic("E030", message, clause.name.span, help=way_out))
        if clause is not said[0]:
            raise CompileError(twice(WEIGHT, clause.name.span, said[0].name.span))
        dimension, span = unit_of(clause.unit), clause.name.span
    table.states[WEIGHT] = declared = Declared(dimension, span)
    return declared


def _refuse_more(clause: Param, table: Declarations) -> None:
    """Parameters of synapses are one value each, which no training changes."""
    if clause.learning is not None and clause.learning.trainable is not None:
        raise CompileError(_not_trained(clause.learning.span))
    if clause.name.text in table.drawn:
        raise CompileError(_not_drawn(clause.name.text, table.drawn[clause.name.text].span))


def _refuse_drawn(clause: StateVariable, table: Declarations) -> None:
    if clause.name.text in table.drawn:
        raise CompileError(_not_drawn(clause.name.text, table.drawn[clause.name.text].span))


def _not_trained(span: Span) -> Diagnostic:
    message = "parameters of synapses are not trained"
    return Diagnostic("E051", message, span, help="leave `trainable` out")


def _not_drawn(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "E023",
        f"`{name}` is one value for all synapses of a projection",
        span,
        help="give it a number; different values take projections of their own, each `via` its own",
    )


def _refuse_noise(node: Synapse, table: Declarations) -> None:
    if table.noises:
        message = f"`{node.name.text}` reads `noise`, which has no value between events"
        way_out = "put the noise into the equation of a neuron"
        raise CompileError(Diagnostic("E030", message, node.name.span, help=way_out))


def _event(clause: OnEvent, node: Synapse, table: Declarations) -> None:
    name = clause.event
    if name.text not in EVENTS:
        raise CompileError(unknown("event of a synapse", name.text, name.span, EVENTS, "E030"))
    first = next(c for c in of_kind(OnEvent, node.clauses) if c.event.text == name.text)
    if first is not clause:
        raise CompileError(twice(f"on {name.text}", name.span, first.event.span))


def _jumps(event: str, node: Synapse, table: Declarations) -> tuple[Assign, ...]:
    clauses = [c for c in of_kind(OnEvent, node.clauses) if c.event.text == event]
    actions = [action for clause in clauses[:1] for action in clause.actions]
    emits = [action for action in actions if isinstance(action, Emit)]
    if event == "pre" and len(emits) != 1:
        span = clauses[0].event.span if clauses else node.name.span
        message = f"`on pre` of `{node.name.text}` says {len(emits)} times what goes to the port"
        way_out = "write `on pre { emit weight }`, once, before or behind what changes"
        raise CompileError(
            Diagnostic("E030", message, emits[1].span if emits else span, help=way_out)
        )
    if event == "post" and emits:
        message = "`on post` sends nothing: a spike of the post neuron brings it no input"
        raise CompileError(Diagnostic("E030", message, emits[0].span, help="leave `emit` out"))
    return table.report.each(_action, actions, table)


def _action(action: Setting | Emit, table: Declarations) -> Assign:
    if isinstance(action, Setting):
        return assign_of(action, table)
    weight = table.states[WEIGHT]
    note = Note(weight.span, "what is sent has the unit of `weight`")
    return Assign(SENT, lower_as(action.value, table.all_symbols(), weight.dimension, note))


def used(model: CheckedSynapse, call: Call, scope: Scope, report: Report) -> SynapseUse:
    """The model with the parameters that a call sets."""
    bound = bind(call, tuple(model.parameters))
    trained = [a.learning for a in call.arguments if a.learning is not None]
    for learning in trained:
        report.fail(CompileError(_not_trained(learning.span)))
    given = {
        name: report.attempt(_given, name, value, model, scope, report)
        for name, value in bound.items()
    }
    values = {**model.values, **{name: sound(value) for name, value in given.items()}}
    lacking = [name for name, value in values.items() if value is None]
    if lacking:
        raise CompileError([_lacks(name, model, call) for name in lacking])
    numbers = tuple((name, value) for name, value in values.items() if value is not None)
    return SynapseUse(model.synapse, numbers)


def _given(
    name: str, node: Expression, model: CheckedSynapse, scope: Scope, report: Report
) -> float:
    declared = model.parameters[name]
    if draw_of(node, scope, declared, report) is not None:
        raise CompileError(_not_drawn(name, node.span))
    note = Note(declared.span, f"`{name}` is declared here")
    return number(evaluate(node, scope), node.span, declared.dimension, note)


def _lacks(name: str, model: CheckedSynapse, call: Call) -> Diagnostic:
    note = Note(model.parameters[name].span, "it has no default")
    message = f"`{call.name.text}` needs the parameter `{name}`"
    way_out = f"write `via {call.name.text}({name} = …)`"
    return Diagnostic("E013", message, call.name.span, related=(note,), help=way_out)


def unit_mismatch(model: CheckedSynapse, port: Dimension, call: Call) -> Diagnostic | None:
    """E021 where the weights of a port have another unit than the model says."""
    if model.weight.dimension == port:
        return None
    note = Note(model.weight.span, "the unit of `weight`, mV unless it is said")
    message = (
        f"`{call.name.text}` sends {coherent(model.weight.dimension)}, and the port takes "
        f"{coherent(port)}"
    )
    way_out = f"write `weight: {coherent(port)}` in the synapse"
    return Diagnostic("E021", message, call.name.span, related=(note,), help=way_out)
