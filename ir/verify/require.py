"""What a broken invariant raises."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite


class GraphError(AssertionError):
    """A graph that no program can give: a bug of ours, or a damaged text."""


def require(holds: bool, message: str) -> None:
    """GraphError unless it holds."""
    if not holds:
        raise GraphError(message)


def require_distinct(what: str, names: list[str]) -> None:
    """GraphError if a name is empty or stands twice."""
    require(all(names), f"a {what} without a name")
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise GraphError(f"{what} twice: {', '.join(twice)}")


def require_finite(name: str, values: Iterable[float]) -> None:
    """GraphError unless all values are finite floats."""
    for value in values:
        require(type(value) is float and isfinite(value), f"{name}: {value!r} is no finite float")
