"""Every way to apply an operator of the table to arguments of given types."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

from snncc.ir.expr import Apply, Ref, apply
from snncc.ir.ops import OPS, Immediate, Op, result_type
from snncc.ir.types import Fixed, Scalar


class Signature(NamedTuple):
    op: str
    types: tuple[Scalar, ...]
    immediate: Immediate
    result: Scalar

    def applied(self) -> Apply:
        """The operator on the names x0, x1, …"""
        arguments = (Ref(f"x{k}", dtype) for k, dtype in enumerate(self.types))
        return apply(self.op, *arguments, immediate=self.immediate)


@cache
def signatures(types: tuple[Scalar, ...]) -> tuple[Signature, ...]:
    """All that the table allows for arguments, and targets of a narrowing, of these types."""
    return tuple(_signatures(types))


def _signatures(types: tuple[Scalar, ...]) -> Iterator[Signature]:
    for op, row in OPS.items():
        for drawn in product(types, repeat=row.arity):
            for immediate in _immediates(row, types):
                try:
                    yield Signature(op, drawn, immediate, result_type(op, drawn, immediate))
                except TypeError:
                    continue


def _immediates(row: Op, types: tuple[Scalar, ...]) -> list[Immediate]:
    if row.immediate is None:
        return [None]
    return [0, 1, 3, 7, 62] if row.immediate is int else [t for t in types if isinstance(t, Fixed)]
