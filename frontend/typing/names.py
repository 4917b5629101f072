"""Names with values, to which others are added without changing who holds the earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


class Names(Mapping[str, T]):
    """A mapping that `extended` makes a longer one of in constant time.

    Mappings that extend one another share a table and see only the first `count` entries of it.
    What extends an empty one, or one for a second time, as each turn of a loop does, has its own.
    """

    __slots__ = ("_count", "_outer", "_table")

    def __init__(self, outer: Names[T] | None = None) -> None:
        self._table: dict[str, tuple[int, T]] = {}
        self._count = 0
        self._outer = outer

    def extended(self, name: str, value: T) -> Names[T]:
        """These names and one more; it hides an earlier one of that name."""
        is_latest = 0 < self._count == len(self._table) and name not in self._table
        extended: Names[T] = Names(self._outer if is_latest else self)
        if is_latest:
            extended._table = self._table
        extended._table[name] = len(extended._table), value
        extended._count = len(extended._table)
        return extended

    def __getitem__(self, name: str) -> T:
        names: Names[T] | None = self
        while names is not None:
            entry = names._table.get(name)
            if entry is not None and entry[0] < names._count:
                return entry[1]
            names = names._outer
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        names: Names[T] | None = self
        while names is not None:
            yield from (name for name, (place, _) in names._table.items() if place < names._count)
            names = names._outer

    def __len__(self) -> int:
        return sum(1 for _ in self)
