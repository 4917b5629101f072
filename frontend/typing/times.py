"""Times that a program lists."""

from __future__ import annotations

from ..syntax.tree import Expression
from ..units import TIME, to_unit
from .constants import Scope, evaluate, number, wrong_type


def times(node: Expression, scope: Scope) -> tuple[float, ...]:
    """`[5 ms, 7 ms]`: one or more times, in ms."""
    value = evaluate(node, scope)
    listed = value if isinstance(value, tuple) else (value,)
    if not listed:
        raise wrong_type("a list of times, `[5 ms, 7 ms]`", value, node.span)
    return tuple(to_unit(number(item, node.span, TIME), "ms") for item in listed)
