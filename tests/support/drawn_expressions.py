"""Every way to apply an operator of the table to given types, and expressions made of these."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from snncc.ir.expr import Apply, Const, Expr, Ref, apply
from snncc.ir.ops import OPS, Immediate, Op, result_type
from snncc.ir.types import DType, Fixed, Scalar

NUMBERS = (DType.F32, DType.F64, DType.I32)


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


def literals(dtype: Scalar) -> st.SearchStrategy[Expr]:
    if isinstance(dtype, Fixed):
        return st.integers(dtype.low, dtype.high).map(lambda code: Const(code, dtype))
    values = {
        DType.F32: st.floats(allow_nan=False, allow_infinity=False),
        DType.F64: st.floats(allow_nan=False, allow_infinity=False),
        DType.I32: st.integers(-(2**31), 2**31 - 1),
        DType.BOOL: st.booleans(),
    }
    return values[dtype].map(lambda value: Const(value, dtype))


@st.composite
def expressions(draw, dtype: Scalar, names: tuple[str, ...], depth: int, types=NUMBERS) -> Expr:
    """A well-typed expression over numbers of these types; each name may be read in any type, {} in
    it is the type's number."""
    fitting = [s for s in signatures((*types, DType.BOOL)) if s.result == dtype]
    if depth == 0 or not fitting or draw(st.integers(0, 5)) == 0:
        number = (*types, DType.BOOL).index(dtype)
        refs = st.sampled_from(names).map(lambda name: Ref(name.replace("{}", str(number)), dtype))
        return draw(st.one_of(refs, literals(dtype)))
    op = draw(st.sampled_from(sorted({s.op for s in fitting})))
    drawn = draw(st.sampled_from([s for s in fitting if s.op == op]))
    arguments = (draw(expressions(t, names, depth - 1, types)) for t in drawn.types)
    return apply(op, *arguments, immediate=drawn.immediate)
