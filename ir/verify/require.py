"""What a broken invariant raises."""

from __future__ import annotations

from collections import Counter
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
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        raise GraphError(f"{what} twice: {', '.join(twice)}")


def require_finite(name: str, values: Iterable[float]) -> None:
    """GraphError unless all values are finite floats."""
    for value in values:
        require(type(value) is float and isfinite(value), f"{name}: {value!r} is no finite float")
