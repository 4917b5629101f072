"""Text to expressions, types and argument values."""

from __future__ import annotations

from ..expr import OPS, Apply, Const, Expr, Ref, apply
from ..graph import Call, Value
from ..types import DType, Fixed, Scalar
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
    value = cursor.take_number()
    return Const(value, take_type(cursor, DType.I32 if isinstance(value, int) else DType.F32))


def _operator_call(cursor: Cursor, outer: int) -> Deep:
    start = cursor.place
    op = cursor.take()
    cursor.expect("(")
    parts = [_operation(cursor, 1, outer + 1)]
    while cursor.found(","):
        parts.append(_operation(cursor, 1, outer + 1))
    cursor.expect(")")
    depth = 1 + max(depth for _, depth in parts)
    return _applied(cursor, start, op, tuple(e for e, _ in parts), outer + depth), depth


def _applied(cursor: Cursor, start: int, op: str, args: tuple[Expr, ...], depth: int) -> Apply:
    """The typed application; an error at token `start` if the table does not allow it."""
    problem = "expressions too deeply within one another" if depth > DEEPEST else ""
    if op not in OPS:
        problem = f"no operator {op!r}"
    if not problem:
        try:
            return apply(op, *args)
        except TypeError as error:
            problem = str(error)
    cursor.place = start
    raise cursor.refuse(problem)


def take_type(cursor: Cursor, default: Scalar) -> Scalar:
    """The type after a colon, or the default where there is none."""
    if not cursor.found(":"):
        return default
    if cursor.found("fixed"):
        cursor.expect("(")
        bits = cursor.take_int()
        cursor.expect(",")
        frac = cursor.take_int()
        cursor.expect(")")
        return Fixed(bits, frac)
    for dtype in DType:
        if cursor.kind == "name" and cursor.found(dtype.value):
            return dtype
    raise cursor.refuse("expected a type")


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
