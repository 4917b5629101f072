"""What a body fixes before anything is built: constants, named models, dt, delay, method."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.report import Poisoned, sound, twice
from ...ir.rules import READOUTS
from ...ir.schemes import SCHEMES
from ...ir.wiring import DRAWN
from ..foreign import foreign, unknown
from ..library import model_named
from ..syntax.tree import Call, Cell, Expression, Let, Literal, Reference, Setting, Statement
from ..typing.arguments import as_call, fill, is_distribution, look_up
from ..typing.constants import Scope, evaluate, number
from ..typing.models import CheckedModel, with_arguments
from ..units import TIME
from .construction import Body, Environment


def prepare(statements: Iterable[Statement], environment: Environment, body: Body) -> Environment:
    """The environment with the constants and models that are stated; settings go to the body."""
    settings: dict[str, Setting] = {}
    for statement in statements:
        if isinstance(statement, (Let, Cell, Setting)):
            made = body.report.attempt(_prepare_one, statement, environment, body, settings)
            if isinstance(made, Poisoned):
                made = _without(statement, environment, body, made)
            environment = made
    return environment


def _without(
    statement: Let | Cell | Setting, environment: Environment, body: Body, mistake: Poisoned
) -> Environment:
    """The environment in which the name of a failed statement stands for its mistake."""
    name = statement.name
    if isinstance(statement, Cell):
        return replace(environment, cells=environment.cells.extended(name.text, mistake))
    if isinstance(statement, Let) and name.text not in environment.scope.names:
        return replace(environment, scope=environment.scope.bind(name, mistake))
    if name.text == "dt":
        body.network.dt = None
    return environment


def _prepare_one(
    statement: Let | Cell | Setting,
    environment: Environment,
    body: Body,
    settings: dict[str, Setting],
) -> Environment:
    if isinstance(statement, Let):
        value = evaluate(statement.value, environment.scope)
        return replace(environment, scope=environment.scope.bind(statement.name, value))
    if isinstance(statement, Cell):
        return _with_cell(statement, environment, body)
    first = settings.setdefault(statement.name.text, statement)
    if first is not statement:
        again = statement.name
        raise CompileError(twice(again.text, again.span, first.name.span, code="E014"))
    _set(statement, environment.scope, body)
    return environment


def _with_cell(cell: Cell, environment: Environment, body: Body) -> Environment:
    name = cell.name
    if isinstance(environment.cells.get(name.text), CheckedModel):
        raise CompileError(twice(name.text, name.span, environment.places.get(name.text)))
    model = resolve(cell.model, environment, body)
    return replace(
        environment,
        cells=environment.cells.extended(name.text, model),
        places=environment.places.extended(name.text, name.span),
    )


def resolve(call: Call, environment: Environment, body: Body) -> CheckedModel:
    """The model that a call names, with the arguments of the call."""
    model = environment.cells.get(call.name.text)
    if model is None:
        model = model_named(body.file, call, body.network.library, body.report)
    return with_arguments(sound(model), call, environment.scope, body.report)


def _set(setting: Setting, scope: Scope, body: Body) -> None:
    name = setting.name
    if name.text not in _SETTINGS:
        found = unknown("setting", name.text, name.span, _SETTINGS, code="E012")
        if foreign("setting", name.text) is None:
            found = replace(found, help=found.help + "; a constant is `let name = …`")
        raise CompileError(found)
    _SETTINGS[name.text](setting, scope, body)


def _set_dt(setting: Setting, scope: Scope, body: Body) -> None:
    if body.is_module:
        message = "a module takes `dt` from the network that instantiates it"
        raise CompileError(Diagnostic("E044", message, setting.name.span, help="leave it out"))
    value = number(evaluate(setting.value, scope), setting.value.span, TIME)
    if value <= 0:
        raise CompileError(Diagnostic("E022", "dt must be above 0", setting.value.span))
    body.network.dt = value


def _set_delay(setting: Setting, scope: Scope, body: Body) -> None:
    body.delays, body.delay_place = None, setting.value.span
    if is_distribution(setting.value, DRAWN):
        call = as_call(setting.value, "a delay")
        body.delays = fill(DRAWN[call.name.text], call, scope, body.report, "E042")
    else:
        body.delay = time_of(setting.value, scope)


def _set_method(setting: Setting, scope: Scope, body: Body) -> None:
    body.method = method_of(setting.value, scope)


def _set_readout(setting: Setting, scope: Scope, body: Body) -> None:
    if body.is_module:
        message = "a module takes `readout` from the network that instantiates it"
        raise CompileError(Diagnostic("E044", message, setting.name.span, help="leave it out"))
    call = as_call(setting.value, "a readout, such as `psc(tau = 3 ms)`")
    row = look_up(READOUTS, call, "readout")
    body.network.readout = fill(row, call, scope, body.report)


_SETTINGS: dict[str, Callable[[Setting, Scope, Body], None]] = {
    "dt": _set_dt,
    "delay": _set_delay,
    "method": _set_method,
    "readout": _set_readout,
}


def time_of(node: Expression, scope: Scope) -> float:
    """A time of 0 or more [ms]."""
    value = number(evaluate(node, scope), node.span, TIME)
    if value < 0:
        raise CompileError(Diagnostic("E022", "a delay cannot be negative", node.span))
    return value


def method_of(node: Expression, scope: Scope) -> str:
    """A name of SCHEMES, as a word, a text, or a constant that is a text."""
    word = node.name if isinstance(node, Reference) else None
    if isinstance(node, Literal) or (word is not None and word in scope.names):
        value = evaluate(node, scope)
        word = value if isinstance(value, str) else None
    if word in SCHEMES:
        return word
    choices = " or ".join(f"`{name}`" for name in SCHEMES)
    way_out = "`euler`, the papers' plain steps, is the default"
    raise CompileError(Diagnostic("E022", f"a method is {choices}", node.span, help=way_out))
