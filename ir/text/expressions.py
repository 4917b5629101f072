"""Text to expressions, types and argument values."""

from __future__ import annotations

from ..expr import Apply, Const, Expr, Ref, apply
from ..graph import Call, Value
from ..ops import OPS, Immediate
from ..types import MODES, DType, Fixed, Scalar
from .spelling import OPERATORS, WORDS
from .tokens import Cursor

# Deeper than the front end lets any expression be, and far below what recursion can walk.
DEEPEST = 250

Deep = tuple[Expr, int]  # an expression and its depth


def take_expr(cursor: Cursor) -> Expr:
    """The expression that starts here."""
    return _operation(cursor, 1, 0)[0]


def _operation(cursor: Cursor, strength: int, outer: int) -> Deep:
    """An expression of operators of at least that strength, inside `outer` others."""
    left, depth = _operand(cursor, outer)
    while cursor.kind in ("symbol", "name") and cursor.text in OPERATORS:
        op, own = OPERATORS[cursor.text]
        if own < strength:
            break
        start = cursor.place
        cursor.take()
        right, right_depth = _operation(cursor, own + 1, outer + 1)
        depth = max(depth, right_depth) + 1
        left = _applied(cursor, start, op, (left, right), outer + depth)
    return left, depth


def _operand(cursor: Cursor, outer: int) -> Deep:
    if outer > DEEPEST:
        raise cursor.refuse("expressions too deeply within one another")
    if cursor.found("("):
        inner = _operation(cursor, 1, outer + 1)
        cursor.expect(")")
        return inner
    if cursor.kind == "number" or cursor.text == "-":
        return _number(cursor), 1
    if cursor.kind == "name" and cursor.text in ("true", "false"):
        return Const(cursor.take() == "true", DType.BOOL), 1
    if cursor.kind == "name" and cursor.texts[cursor.place + 1] == "(":
        return _operator_call(cursor, outer)
    if cursor.kind == "name" and cursor.text in WORDS:
        raise cursor.refuse("expected an expression")
    return Ref(cursor.take_name(), take_type(cursor, DType.F32)), 1


def _number(cursor: Cursor) -> Const:
    start = cursor.place
    value = cursor.take_number()
    dtype = take_type(cursor, DType.I32 if isinstance(value, int) else DType.F32)
    if isinstance(dtype, Fixed) and not dtype.holds(value):
        cursor.place = start
        raise cursor.refuse(f"expected a code of {dtype}: {dtype.low} to {dtype.high}")
    return Const(value, dtype)


def _operator_call(cursor: Cursor, outer: int) -> Deep:
    start = cursor.place
    op = cursor.take()
    kind = OPS[op].immediate if op in OPS else None
    cursor.expect("(")
    parts = [_operation(cursor, 1, outer + 1)]
    while kind is None and cursor.found(","):
        parts.append(_operation(cursor, 1, outer + 1))
    immediate = None if kind is None else _immediate(cursor, kind)
    cursor.expect(")")
    depth = 1 + max(depth for _, depth in parts)
    args = tuple(e for e, _ in parts)
    return _applied(cursor, start, op, args, outer + depth, immediate), depth


def _immediate(cursor: Cursor, kind: type[int] | type[Fixed]) -> Immediate:
    cursor.expect(",")
    return cursor.take_int() if kind is int else _fixed(cursor)


def _applied(
    cursor: Cursor,
    start: int,
    op: str,
    args: tuple[Expr, ...],
    depth: int,
    immediate: Immediate = None,
) -> Apply:
    """The typed application; an error at token `start` if the table does not allow it."""
    problem = "expressions too deeply within one another" if depth > DEEPEST else ""
    if op not in OPS:
        problem = f"no operator {op!r}"
    if not problem:
        try:
            return apply(op, *args, immediate=immediate)
        except TypeError as error:
            problem = str(error)
    cursor.place = start
    raise cursor.refuse(problem)


def take_type(cursor: Cursor, default: Scalar) -> Scalar:
    """The type after a colon, or the default where there is none."""
    return _type(cursor) if cursor.found(":") else default


def _type(cursor: Cursor) -> Scalar:
    if cursor.text == "fixed":
        return _fixed(cursor)
    for dtype in DType:
        if cursor.kind == "name" and cursor.found(dtype.value):
            return dtype
    raise cursor.refuse("expected a type")


def _fixed(cursor: Cursor) -> Fixed:
    """`fixed(bits, frac, word, …)`."""
    start = cursor.place
    cursor.expect("fixed")
    cursor.expect("(")
    bits = cursor.take_int()
    cursor.expect(",")
    frac = cursor.take_int()
    modes: dict[str, object] = {}
    while cursor.found(","):
        name, value = MODES.get(cursor.text, ("", None))
        if not name or name in modes:
            raise cursor.refuse(f"expected one of {', '.join(MODES)}, each kind once")
        modes[name] = value
        cursor.take()
    cursor.expect(")")
    try:
        return Fixed(bits, frac, **modes)  # type: ignore[arg-type]
    except ValueError as error:
        cursor.place = start
        raise cursor.refuse(str(error)) from error


def take_call(cursor: Cursor) -> Call:
    """`kind(name=value, …)`."""
    kind = cursor.take_name()
    return Call(kind, cursor.take_list(lambda: _take_argument(cursor)))


def _take_argument(cursor: Cursor) -> tuple[str, Value]:
    name = cursor.take_name()
    cursor.expect("=")
    return name, _value(cursor, 0)


def _value(cursor: Cursor, outer: int) -> Value:
    if outer > DEEPEST:
        raise cursor.refuse("tuples too deeply within one another")
    if cursor.kind == "string":
        return cursor.take_string()
    if cursor.kind == "name" and cursor.text in ("true", "false"):
        return cursor.take() == "true"
    if cursor.found("{"):
        expr = take_expr(cursor)
        cursor.expect("}")
        return expr
    if cursor.text == "(":
        return cursor.take_list(lambda: _value(cursor, outer + 1))
    return cursor.take_number()
