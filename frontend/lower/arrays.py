"""Ranges and array brackets: which indices there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.report import Poisoned
from ..syntax.tree import Bracket, Expression, Part, Range, Slice
from ..typing.constants import Quantity, Scope, evaluate, whole
from ..units import NUMBER
from .construction import Body, Environment

MOST_BRACKETS = 8


def indices(range_: Range, scope: Scope) -> range:
    """The whole numbers of `start..stop`."""
    start = whole(evaluate(range_.start, scope), range_.start.span)
    stop = whole(evaluate(range_.stop, scope), range_.stop.span)
    return range(start, stop)


def each(
    range_: Range, environment: Environment, body: Body
) -> Iterator[tuple[int | None, Environment]]:
    """Every index of a range with the environment that knows it; ends early after a mistake. A
    range that is not known is a mistake in the end, after one turn with an index without value, for
    the mistakes within."""
    last = body.report.last
    try:
        values = indices(range_, environment.scope)
    except CompileError as error:
        yield None, environment.within(range_.variable, Poisoned(error))
        raise
    body.network.unrolled.count(range_.variable.span, len(values))
    for value in values:
        yield value, environment.within(range_.variable, Quantity(value, NUMBER))
        if body.report.last is not last:
            return


def index_text(node: Expression | Slice, scope: Scope) -> str:
    """`[3]` for an index expression."""
    if isinstance(node, Slice):
        message = "some neurons of a population can be named to join or to `record` them"
        way_out = "here, name all of it, without the brackets"
        raise CompileError(Diagnostic("E044", message, node.span, help=way_out))
    return f"[{_natural(whole(evaluate(node, scope), node.span), node.span)}]"


def without_slice(part: Part) -> tuple[Part, Slice | None]:
    """`p[k]` and `[0..800]` of `p[k][0..800]`."""
    *before, last = part.indices or (None,)
    slices = [item for item in before if isinstance(item, Slice)]
    if slices:
        message = "a path ends with the neurons that it names, `[0..10]`"
        raise CompileError(Diagnostic("E044", message, slices[0].span))
    if not isinstance(last, Slice):
        return part, None
    return replace(part, indices=part.indices[:-1]), last


def neurons_of(item: Slice, name: str, count: int | None, scope: Scope) -> tuple[int, int]:
    """The neurons [first, end) of the population `name`, which has so many of them, if it is
    known."""
    first = whole(evaluate(item.start, scope), item.start.span)
    end = whole(evaluate(item.stop, scope), item.stop.span)
    if 0 <= first < end and (count is None or end <= count):
        return first, end
    all_ = "" if count is None else f"; `[0..{count}]` are all"
    if first >= end:
        message = f"`[{first}..{end}]` of `{name}` are no neurons"
    elif count is None:
        message = f"`{name}` has no neurons {first} to {end - 1}"
    else:
        message = f"`{name}` has the neurons 0 to {count - 1}, not {first} to {end - 1}"
    way_out = f"`[a..b]` are those from a to b - 1{all_}"
    raise CompileError(Diagnostic("E022", message, item.span, help=way_out))


def _natural(value: int, span: Span) -> int:
    if value < 0:
        raise CompileError(Diagnostic("E022", f"an index is 0 or more, not {value}", span))
    return value


def expand(
    brackets: Sequence[Bracket], environment: Environment, body: Body
) -> Iterator[tuple[str, Environment]]:
    """Every combination of indices as text, such as `[0][3]`, with its environment."""
    if not brackets:
        yield "", environment
        return
    if len(brackets) > MOST_BRACKETS:
        message = f"more than {MOST_BRACKETS} indices"
        raise CompileError(Diagnostic("E005", message, brackets[-1].span))
    item = _single(brackets[0])
    for first, inner in _texts(item, environment, body):
        for rest, inside in expand(brackets[1:], inner, body):
            yield first + rest, inside


def _texts(
    item: Expression | Range, environment: Environment, body: Body
) -> Iterator[tuple[str, Environment]]:
    """The indices that one bracket stands for, as text, each with its environment."""
    if isinstance(item, Range):
        for value, inside in each(item, environment, body):
            if value is None:
                yield _unknown(item.start.span), inside
            else:
                yield f"[{_natural(value, item.start.span)}]", inside
        return
    try:
        text = index_text(item, environment.scope)
    except CompileError:
        # As in `each`: once, for the mistakes of what is declared.
        yield _unknown(item.span), environment
        raise
    yield text, environment


def _unknown(span: Span) -> str:
    """Stands for an index that has no value: different at each place, and no user can write it."""
    return f"[?{span.start}]"


def _single(bracket: Bracket) -> Expression | Range:
    if len(bracket.items) != 1:
        way_out = "write `name[i][j]`; only the last bracket of a population is its shape"
        message = "an array has one index in a bracket"
        raise CompileError(Diagnostic("E044", message, bracket.span, help=way_out))
    return bracket.items[0]


def has_range(bracket: Bracket) -> bool:
    """Whether the bracket makes an array: `[k in 0..4]`."""
    return any(isinstance(item, Range) for item in bracket.items)
