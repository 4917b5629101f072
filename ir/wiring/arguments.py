"""Arguments of a projection's calls, typed, with the errors for values that cannot be."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic
from ..expr import Apply, Const, Expr, Ref
from ..graph import Call, Projection
from ..types import Shape, size


def refuse(
    projection: Projection, message: str, way_out: str = "", code: str = "E042"
) -> CompileError:
    """The error, to be raised, that points at the projection."""
    return CompileError(Diagnostic(code, message, projection.span, help=way_out))


def number(call: Call, name: str) -> float:
    """A number argument."""
    value = call[name]
    assert isinstance(value, (int, float)), (call.kind, name, value)
    return float(value)


def integer(call: Call, name: str) -> int:
    """A whole-number argument."""
    value = call[name]
    assert isinstance(value, (int, float)), (call.kind, name, value)
    assert value == int(value), (call.kind, name, value)
    return int(value)


def text(call: Call, name: str) -> str:
    """A text argument."""
    value = call[name]
    assert isinstance(value, str), (call.kind, name, value)
    return value


def dimensions(call: Call, name: str) -> Shape:
    """A shape argument."""
    value = call[name]
    assert isinstance(value, tuple), (call.kind, name, value)
    return tuple(int(extent) for extent in value)


def expression(call: Call, name: str) -> Expr:
    """An expression argument."""
    value = call[name]
    assert isinstance(value, (Const, Ref, Apply)), (call.kind, name, value)
    return value


def require_equal_sizes(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 unless both populations have the same number of neurons."""
    pre, post = size(pre_shape), size(post_shape)
    if pre == post:
        return
    raise refuse(
        projection,
        f"`{projection.connectivity.kind}` needs populations of one size, but `{projection.pre}` "
        f"has {pre} neurons and `{projection.post}` has {post}",
        "make the sizes equal or use `dense`",
    )
