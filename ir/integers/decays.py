"""Decay by shifts, as chips without a multiplier have it."""

from __future__ import annotations

from ..expr import Apply, Const, Expr, Ref, apply, walk


def shift_decay(source: Ref, places: int) -> Expr:
    """x - (x >> places), and by 1 towards 0 where that takes nothing away: it ends at 0."""
    zero, one = (Const(code, source.dtype) for code in (0, 1))
    away = apply("shr", source, immediate=places)
    sign = apply("select", apply("gt", source, zero), one, apply("neg", one))
    least = apply("select", apply("eq", source, zero), zero, sign)
    return apply("sub", source, apply("select", apply("eq", away, zero), least, away))


def is_shift_decay(expr: Expr) -> bool:
    """Whether an expression is such a decay."""
    if not (isinstance(expr, Apply) and expr.op == "sub" and isinstance(expr.args[0], Ref)):
        return False
    found = [n.immediate for n in walk(expr) if isinstance(n, Apply) and n.op == "shr"]
    return bool(found) and isinstance(found[0], int) and expr == shift_decay(expr.args[0], found[0])
