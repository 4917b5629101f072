"""Projection statements to `ir.graph.Projection`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.expr import names
from ...ir.graph import Call as IrCall
from ...ir.graph import Projection
from ...ir.rules import Row
from ...ir.wiring import CONNECTIVITIES, INITS
from ..report import Report, twice
from ..syntax.tree import (
    Alias,
    Call,
    Delay,
    Expression,
    Learning,
    Option,
    Path,
    ProjectionStatement,
)
from ..typing.arguments import as_call, bind, fill, fill_bound, index_expression, look_up
from ..typing.constants import Scope, evaluate, number
from ..typing.equations import Typed
from ..typing.operators import Operand, mismatch
from ..units import NUMBER, Dimension, describe
from .construction import Endpoint, Environment, Frame, Plan
from .paths import part_text, post_end, pre_end
from .settings import time_of
from .tensors import LOADERS, Sizes


@dataclass(frozen=True, slots=True)
class _Habits:
    """What a connectivity does where the program does not say."""

    init: IrCall
    trainable: bool


_LEARNT = _Habits(IrCall("uniform", (("low", -1.0), ("high", 1.0))), trainable=True)
_INHIBITION = _Habits(IrCall("constant", (("value", -1.0),)), trainable=False)
_POOL = _Habits(IrCall("constant", (("value", 1.0),)), trainable=False)
_LOADED = _Habits(_LEARNT.init, trainable=False)
_HABITS: dict[str, _Habits] = {
    "lateral_inhibition": _INHIBITION,
    "pool2d": _POOL,
    "list": _LOADED,
    "file": _LOADED,
}


def connect(
    statement: ProjectionStatement, environment: Environment, frame: Frame, plan: Plan
) -> None:
    """Add the projection to the plan."""
    plan.count(statement.span)
    scope = environment.scope
    pre, post, port, dimension = _ends(statement, scope, frame, plan)
    options = _options(statement.options)
    name = _name(statement, options, pre, post, port, scope, frame, plan)
    sizes = pre.target.neurons, post.target.neurons
    connectivity, init = _wiring(statement, name, sizes, dimension, scope, plan)
    habits = _HABITS.get(connectivity.kind, _LEARNT)
    plan.names[name] = statement.span
    plan.projections.append(
        Projection(
            name,
            pre.target.name,
            post.target.name,
            connectivity,
            init or habits.init,
            port,
            _delay(options, scope, frame, plan),
            _trainable(options, habits),
            statement.span,
        )
    )


def _ends(
    statement: ProjectionStatement, scope: Scope, frame: Frame, plan: Plan
) -> tuple[Endpoint, Endpoint, str, Dimension]:
    """Both ends, and the port with its dimension; where they are wrong, with all mistakes in the
    statement that show without them."""
    report = Report()
    pre = report.attempt(pre_end, statement.pre, scope, frame)
    post = report.attempt(post_end, statement.post, scope, frame)
    port = None if post is None else report.attempt(_port, statement.post, post)
    if pre is None or post is None or port is None:
        report.attempt(_check_connectivity, statement.connectivity, scope)
        report.attempt(_check_options, statement.options, scope, plan)
        raise CompileError(report.diagnostics)
    return pre, post, *port


def _check_connectivity(call: Call, scope: Scope) -> None:
    row = look_up(CONNECTIVITIES, call, "connectivity")
    if call.name.text not in LOADERS:
        _arguments(row, call, None, scope)


def _check_options(options: tuple[Option, ...], scope: Scope, plan: Plan) -> None:
    delay = _options(options).get(Delay)
    if isinstance(delay, Delay):
        steps(time_of(delay.value, scope), plan.dt, delay.value.span)


def _port(path: Path, end: Endpoint) -> tuple[str, Dimension]:
    """The port that is meant, and its dimension."""
    target = end.target
    if target.model is None:
        message = f"`{target.name}` is an input; no projection can end at it"
        note = Note(target.span, "declared here")
        raise CompileError(Diagnostic("E044", message, path.span, related=(note,)))
    if end.port is not None:
        return end.port, target.ports[end.port]
    if len(target.ports) == 1:
        return next(iter(target.ports.items()))
    way_out = " or ".join(f"`{path.parts[-1].name.text}.{port}`" for port in target.ports)
    message = f"the model of `{target.name}` has several ports; say which"
    raise CompileError(Diagnostic("E013", message, path.span, help=f"write {way_out}"))


# ---- options

_Options = dict[type, Option]


def _options(options: tuple[Option, ...]) -> _Options:
    given: _Options = {}
    for option in options:
        first = given.setdefault(type(option), option)
        if first is not option:
            word = option.span.source.text[option.span.start : option.span.end]
            raise CompileError(twice(word, option.span, first.span, code="E014"))
    return given


def _delay(options: _Options, scope: Scope, frame: Frame, plan: Plan) -> int:
    option = options.get(Delay)
    if not isinstance(option, Delay):
        return steps(frame.delay, plan.dt, frame.delay_place)
    return steps(time_of(option.value, scope), plan.dt, option.value.span)


def steps(delay: float, dt: float | None, span: Span | None) -> int:
    """A delay [ms] in steps of dt [ms]; 0 where that is open."""
    if dt is None:
        return 0
    count = round(delay / dt)
    if abs(count * dt - delay) > 1e-9 * max(dt, delay):
        message = f"a delay of {delay:g} ms is not a multiple of dt = {dt:g} ms"
        way_out = f"write {max(count, 1) * dt:g} ms, or change dt"
        raise CompileError(Diagnostic("E043", message, span, help=way_out))
    return count


def _trainable(options: _Options, habits: _Habits) -> bool:
    option = options.get(Learning)
    if not isinstance(option, Learning):
        return habits.trainable
    if option.trainable and habits is _POOL:
        message = "the weights of `pool2d` cannot be trained"
        raise CompileError(Diagnostic("E042", message, option.span, help="leave `trainable` out"))
    return option.trainable


def _name(
    statement: ProjectionStatement,
    options: _Options,
    pre: Endpoint,
    post: Endpoint,
    port: str,
    scope: Scope,
    frame: Frame,
    plan: Plan,
) -> str:
    option = options.get(Alias)
    if isinstance(option, Alias):
        name = frame.prefix + part_text(option.part, scope)
        if name in plan.names:
            raise CompileError(twice(name, option.part.name.span, plan.names[name]))
        return name
    ends = f"{pre.target.name}->{post.target.name}"
    if len(post.target.ports) > 1:
        ends += f".{port}"
    plan.copies[ends] = copy = plan.copies.get(ends, 0) + 1
    return ends if copy == 1 else f"{ends}#{copy}"


# ---- wiring and weights


def _wiring(
    statement: ProjectionStatement,
    name: str,
    sizes: Sizes,
    dimension: Dimension,
    scope: Scope,
    plan: Plan,
) -> tuple[IrCall, IrCall | None]:
    """The connectivity, and the initial weights where the program says them."""
    call = statement.connectivity
    row = look_up(CONNECTIVITIES, call, "connectivity")
    if call.name.text in LOADERS:
        bound = bind(call, [formal.name for formal in row.arguments])
        connectivity, weights = LOADERS[call.name.text](row, call, bound, scope, sizes)
        plan.tensors[name] = weights
        return connectivity, IrCall("given", (("tensor", name),))
    return _arguments(row, call, dimension, scope)


def _arguments(
    row: Row, call: Call, dimension: Dimension | None, scope: Scope
) -> tuple[IrCall, IrCall | None]:
    """The call and its initial weights; `dimension` is that of the port, None if not known."""
    report = Report()
    formals = [formal.name for formal in row.arguments]
    bound = bind(call, formals, named=("init", "weight"))
    arguments = report.attempt(fill_bound, row, call, bound, scope, "E042")
    init = report.attempt(_init, bound, dimension, scope)
    report.close()
    assert arguments is not None
    return IrCall(call.name.text, arguments), init


def _init(
    bound: Mapping[str, Expression], dimension: Dimension | None, scope: Scope
) -> IrCall | None:
    if "init" in bound and "weight" in bound:
        note = Note(bound["init"].span, "`init` here")
        message = "`init` and `weight` both say the initial weights"
        span = bound["weight"].span
        raise CompileError(Diagnostic("E014", message, span, related=(note,)))
    if "weight" in bound:
        return _weight(bound["weight"], dimension, scope)
    if "init" not in bound:
        return None
    call = as_call(bound["init"], "initial weights, such as `uniform(-1, 1)`")
    table = {kind: row for kind, row in INITS.items() if kind != "given"}
    return fill(look_up(table, call, "init"), call, scope, "E042")


def _weight(node: Expression, dimension: Dimension | None, scope: Scope) -> IrCall:
    """A weight, plain or in the unit of the port: one value, or a function of `i` and `j`."""
    typed = index_expression(node, scope)
    if dimension is None:
        dimension = typed.kind or NUMBER
    _require_weight(typed, node, dimension)
    if names(typed.expr):
        return IrCall("expression", (("value", typed.expr),))
    value = evaluate(node, scope)
    unit = NUMBER if typed.kind == NUMBER else dimension
    return IrCall("constant", (("value", number(value, node.span, unit)),))


def _require_weight(typed: Typed, node: Expression, dimension: Dimension) -> None:
    if typed.kind in (NUMBER, dimension):
        return
    error = mismatch(dimension, Operand(typed.kind, node.span)).diagnostics[0]
    way_out = f"a weight is a plain number, or {describe(dimension)} as the port is"
    raise CompileError(Diagnostic(error.code, error.message, error.span, error.label, help=way_out))
