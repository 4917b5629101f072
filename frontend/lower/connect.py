"""Projection statements to `ir.graph.Projection`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...ir import calls
from ...ir.arguments import Row
from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.drawn import ROW_OF_FILE
from ...ir.expr import names
from ...ir.graph import Call as IrCall
from ...ir.graph import Projection
from ...ir.report import Poisoned, Report, sound, twice
from ...ir.rules import LEARNING
from ...ir.wiring import CONNECTIVITIES, INITS
from ..syntax.tree import (
    Alias,
    Call,
    Delay,
    Expression,
    Learning,
    Link,
    Option,
    Path,
    ProjectionStatement,
    Via,
)
from ..typing.arguments import (
    as_call,
    bind,
    fill,
    fill_bound,
    index_expression,
    look_up,
)
from ..typing.constants import Scope, evaluate, number
from ..typing.equations import Typed
from ..typing.operators import Operand, mismatch
from ..units import NUMBER, Dimension, describe
from .analog import dimension_of_weights
from .construction import Body, Endpoint, Environment, KnownPopulation
from .lags import Lag, lag_of, listed_lag
from .layouts import Sizes
from .paths import part_text, post_end, pre_end
from .relays import add_relay, require_learning_alone
from .synapses import synapse_of
from .tensors import FILE, LOADERS, Loaded, given_weights


@dataclass(frozen=True, slots=True)
class _Habits:
    """What a connectivity does where the program does not say; `lr_mult` as in Projection."""

    init: IrCall
    lr_mult: float


_LEARNT = _Habits(IrCall("uniform", (("low", -1.0), ("high", 1.0))), lr_mult=1.0)
_INHIBITION = _Habits(IrCall("constant", (("value", -1.0),)), lr_mult=0.0)
_POOL = _Habits(IrCall("constant", (("value", 1.0),)), lr_mult=0.0)
_LOADED = _Habits(_LEARNT.init, lr_mult=0.0)
_HABITS: dict[str, _Habits] = {
    "lateral_inhibition": _INHIBITION,
    "pool2d": _POOL,
    "list": _LOADED,
    "file": _LOADED,
}


def connect(statement: ProjectionStatement, environment: Environment, body: Body) -> None:
    """Add the projection to the network: a part of it after the other, with a relay between two,
    where the last part has the delay."""
    body.network.unrolled.count_part(statement.span)
    scope = environment.scope
    pre, post = _ends(statement, scope, body)
    if not statement.before:
        _join(statement.last, (pre, post), statement.span, scope, body)
        return
    last, origin = body.report.last, pre.population
    for link in statement.before:
        pre = _relayed(link, origin, pre, scope, body)
    call = statement.last.connectivity
    body.report.attempt(_join, statement.last, (pre, post), call.name.span, scope, body)
    body.report.require_none_since(last)


def _relayed(
    link: Link, origin: KnownPopulation, pre: Endpoint, scope: Scope, body: Body
) -> Endpoint:
    """The relay to which the part before a `then` leads; mistakes within it go to the report."""
    call, report = link.connectivity, body.report
    look_up(CONNECTIVITIES, call, "connectivity")
    relay = add_relay(origin, call, body)
    report.attempt(require_learning_alone, link)
    learning = tuple(option for option in link.options if isinstance(option, Learning))
    ends, span = (pre, relay), call.name.span
    report.attempt(_join, Link(call, learning), ends, span, scope, body, delay=0)
    return relay[0]


def _join(
    link: Link,
    ends: tuple[Endpoint, _Post],
    span: Span,
    scope: Scope,
    body: Body,
    delay: int | None = None,
) -> None:
    """Add a projection; without a `delay` in steps it has that of its options."""
    pre, (post, port, dimension) = ends
    options = _options(link.options)
    name = _name(options, pre, post, port, scope, body)
    sizes = pre.neurons, post.neurons
    dimension = dimension_of_weights(pre.population, dimension, port, span)
    connectivity, init, listed = _wiring(link.connectivity, name, sizes, dimension, scope, body)
    habits = _HABITS.get(connectivity.kind, _LEARNT)
    said = _said(options)
    if listed is not None:
        lag = listed_lag(listed, name, said, body)
    else:
        lag = lag_of(said, scope, body) if delay is None else Lag(delay)
    synapse = synapse_of(_via(options), dimension, scope, body)
    body.network.names[name] = span
    body.network.projections.append(
        Projection(
            name,
            pre.population.name,
            post.population.name,
            connectivity,
            init or habits.init,
            port,
            lag.steps,
            _lr_mult(options, connectivity.kind, scope, body.report),
            span,
            lag.delays,
            synapse,
            pre.part,
            post.part,
        )
    )


_Post = tuple[Endpoint, str, Dimension]


def _ends(statement: ProjectionStatement, scope: Scope, body: Body) -> tuple[Endpoint, _Post]:
    """Both ends, and the port with its dimension; where they are wrong, all mistakes in the
    statement that show without them are collected too."""
    report = body.report
    pre = report.attempt(pre_end, statement.pre, scope, body)
    post = report.attempt(_post, statement.post, scope, body)
    if isinstance(pre, Poisoned) or isinstance(post, Poisoned):
        for link in (*statement.before, statement.last):
            report.attempt(_check_connectivity, link.connectivity, scope, report)
            report.attempt(_check_options, link.options, scope, body)
    return sound(pre), sound(post)


def _check_connectivity(call: Call, scope: Scope, report: Report) -> None:
    row = look_up(CONNECTIVITIES, call, "connectivity")
    if call.name.text not in LOADERS:
        _arguments(row, call, None, scope, report)


def _check_options(options: tuple[Option, ...], scope: Scope, body: Body) -> None:
    said = _said(_options(options))
    if said is not None:
        lag_of(said, scope, body)


def _post(path: Path, scope: Scope, body: Body) -> _Post:
    """The end, the port of it that is meant, and the dimension of that."""
    end = post_end(path, scope, body)
    post = end.population
    if post.model is None:
        message = f"`{post.name}` is an input or a source; no projection can end at it"
        note = Note(post.span, "declared here")
        raise CompileError(Diagnostic("E044", message, path.span, related=(note,)))
    if end.port is not None:
        return end, end.port, post.ports[end.port]
    if len(post.ports) == 1:
        return end, *next(iter(post.ports.items()))
    way_out = " or ".join(f"`{path.parts[-1].name.text}.{port}`" for port in post.ports)
    message = f"the model of `{post.name}` has several ports; say which"
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


def _said(options: _Options) -> Delay | None:
    option = options.get(Delay)
    return option if isinstance(option, Delay) else None


def _via(options: _Options) -> Via | None:
    option = options.get(Via)
    return option if isinstance(option, Via) else None


def _lr_mult(options: _Options, kind: str, scope: Scope, report: Report) -> float:
    option = options.get(Learning)
    if not isinstance(option, Learning):
        return _HABITS.get(kind, _LEARNT).lr_mult
    if option.trainable is None:
        return 0.0
    if not CONNECTIVITIES[kind].learns:
        message = f"the weights of `{kind}` cannot be trained"
        raise CompileError(Diagnostic("E042", message, option.span, help="leave `trainable` out"))
    return calls.number(fill(LEARNING, option.trainable, scope, report, "E042"), "lr_mult")


def _name(
    options: _Options,
    pre: Endpoint,
    post: Endpoint,
    port: str,
    scope: Scope,
    body: Body,
) -> str:
    option = options.get(Alias)
    if isinstance(option, Alias):
        name = body.prefix + part_text(option.part, scope)
        if name in body.network.names:
            raise CompileError(twice(name, option.part.name.span, body.network.names[name]))
        return name
    ends = f"{pre.text}->{post.text}"
    if len(post.population.ports) > 1:
        ends += f".{port}"
    body.network.copies[ends] = copy = body.network.copies.get(ends, 0) + 1
    return ends if copy == 1 else f"{ends}#{copy}"


# ---- wiring and weights


def _wiring(
    call: Call,
    name: str,
    sizes: Sizes,
    dimension: Dimension,
    scope: Scope,
    body: Body,
) -> tuple[IrCall, IrCall | None, Loaded | None]:
    """The connectivity, the initial weights where the program says them, and what was loaded, if
    its synapses have delays."""
    row = look_up(CONNECTIVITIES, call, "connectivity")
    if call.name.text in LOADERS:
        bound = bind(call, [formal.name for formal in row.arguments])
        loaded = LOADERS[call.name.text](row, call, bound, scope, sizes, body.report)
        body.network.tensors[name] = loaded.weights
        init = IrCall("given", (("tensor", name),))
        return loaded.call, init, None if loaded.delays is None else loaded
    made, initial = _arguments(row, call, dimension, scope, body.report)
    if initial is not None and initial.kind == FILE:
        initial = given_weights(initial, call, name, body.network.tensors)
    return made, initial, None


def _arguments(
    row: Row, call: Call, dimension: Dimension | None, scope: Scope, report: Report
) -> tuple[IrCall, IrCall | None]:
    """The call and its initial weights; `dimension` is that of the port, None if not known."""
    formals = [formal.name for formal in row.arguments]
    bound = bind(call, formals, named=("init", "weight"))
    arguments = report.attempt(fill_bound, row, call, bound, scope, report, "E042")
    init = report.attempt(_init, bound, dimension, scope, report)
    return IrCall(call.name.text, sound(arguments)), sound(init)


def _init(
    bound: Mapping[str, Expression], dimension: Dimension | None, scope: Scope, report: Report
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
    table: dict[str, Row] = {kind: row for kind, row in INITS.items() if kind != "given"}
    table[FILE] = ROW_OF_FILE
    kinds = None if dimension is None else (NUMBER, dimension)  # a plain number, or as the port is
    return fill(look_up(table, call, "init"), call, scope, report, "E042", kinds)


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
