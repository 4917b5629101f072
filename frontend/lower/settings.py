"""What a body fixes before anything is built: constants, named models, dt, delay, method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.schemes import METHODS
from ..library import model_named
from ..report import twice, unknown
from ..syntax.tree import Call, Cell, Expression, Let, Reference, Setting, Statement, Text
from ..typing.constants import Scope, evaluate, number
from ..typing.models import Model, with_arguments
from ..units import TIME
from .construction import Environment, Frame, Plan


def prepare(
    body: Iterable[Statement], environment: Environment, frame: Frame, plan: Plan
) -> Environment:
    """The environment with the constants and models of a body; its settings go to the frame."""
    settings: dict[str, Setting] = {}
    for statement in body:
        if isinstance(statement, (Let, Cell, Setting)):
            try:
                environment = _prepare_one(statement, environment, frame, plan, settings)
            except CompileError as error:
                plan.report.fail(error)
                environment = _without(statement, environment, plan, error)
    return environment


def _without(
    statement: Let | Cell | Setting, environment: Environment, plan: Plan, error: CompileError
) -> Environment:
    """The environment in which the name of a failed statement stands for its mistake."""
    name = statement.name
    if isinstance(statement, Cell):
        return replace(environment, broken={**environment.broken, name.text: error})
    if isinstance(statement, Let) and name.text not in environment.scope.places:
        return replace(environment, scope=environment.scope.without(name, error))
    if name.text == "dt":
        plan.dt = None
    return environment


def _prepare_one(
    statement: Let | Cell | Setting,
    environment: Environment,
    frame: Frame,
    plan: Plan,
    settings: dict[str, Setting],
) -> Environment:
    if isinstance(statement, Let):
        value = evaluate(statement.value, environment.scope)
        return replace(environment, scope=environment.scope.bind(statement.name, value))
    if isinstance(statement, Cell):
        return _with_cell(statement, environment, frame, plan)
    first = settings.setdefault(statement.name.text, statement)
    if first is not statement:
        again = statement.name
        raise CompileError(twice(again.text, again.span, first.name.span, code="E014"))
    _set(statement, environment.scope, frame, plan)
    return environment


def _with_cell(cell: Cell, environment: Environment, frame: Frame, plan: Plan) -> Environment:
    name = cell.name
    if name.text in environment.cells:
        raise CompileError(twice(name.text, name.span, environment.places.get(name.text)))
    model = resolve(cell.model, environment, frame, plan)
    return replace(
        environment,
        cells={**environment.cells, name.text: model},
        places={**environment.places, name.text: name.span},
    )


def resolve(call: Call, environment: Environment, frame: Frame, plan: Plan) -> Model:
    """The model that a call names, with the arguments of the call."""
    name = call.name.text
    if name in environment.broken:
        raise environment.broken[name]
    model = environment.cells.get(name)
    if model is None:
        model = model_named(frame.unit, call, plan.library)
    return with_arguments(model, call, environment.scope)


def _set(setting: Setting, scope: Scope, frame: Frame, plan: Plan) -> None:
    name = setting.name
    if name.text not in _SETTINGS:
        found = unknown("setting", name.text, name.span, _SETTINGS, code="E012")
        raise CompileError(replace(found, help=found.help + "; a constant is `let name = …`"))
    _SETTINGS[name.text](setting, scope, frame, plan)


def _set_dt(setting: Setting, scope: Scope, frame: Frame, plan: Plan) -> None:
    if frame.is_module:
        message = "a module takes `dt` from the network that instantiates it"
        raise CompileError(Diagnostic("E044", message, setting.name.span, help="leave it out"))
    value = number(evaluate(setting.value, scope), setting.value.span, TIME)
    if value <= 0:
        raise CompileError(Diagnostic("E022", "dt must be above 0", setting.value.span))
    plan.dt = value


def _set_delay(setting: Setting, scope: Scope, frame: Frame, plan: Plan) -> None:
    frame.delay = time_of(setting.value, scope)
    frame.delay_place = setting.value.span


def _set_method(setting: Setting, scope: Scope, frame: Frame, plan: Plan) -> None:
    frame.method = method_of(setting.value, scope)


_SETTINGS: dict[str, Callable[[Setting, Scope, Frame, Plan], None]] = {
    "dt": _set_dt,
    "delay": _set_delay,
    "method": _set_method,
}


def time_of(node: Expression, scope: Scope) -> float:
    """A time of 0 or more [ms]."""
    value = number(evaluate(node, scope), node.span, TIME)
    if value < 0:
        raise CompileError(Diagnostic("E022", "a delay cannot be negative", node.span))
    return value


def method_of(node: Expression, scope: Scope) -> str:
    """A name of METHODS, as a word, a text, or a constant that is a text."""
    word = node.name if isinstance(node, Reference) else None
    if isinstance(node, Text) or (word is not None and word in scope.places):
        value = evaluate(node, scope)
        word = value if isinstance(value, str) else None
    if word in METHODS:
        return word
    choices = " or ".join(f"`{name}`" for name in METHODS)
    way_out = "`euler`, the papers' plain steps, is the default"
    raise CompileError(Diagnostic("E022", f"a method is {choices}", node.span, help=way_out))
