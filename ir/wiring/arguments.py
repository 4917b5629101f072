"""Errors for what a projection's calls ask of its populations."""

from __future__ import annotations

from ..diagnostics import CompileError, Diagnostic
from ..graph import Projection
from ..types import Shape, size


def refuse(
    projection: Projection, message: str, way_out: str = "", code: str = "E042"
) -> CompileError:
    """The error, to be raised, that points at the projection."""
    return CompileError(Diagnostic(code, message, projection.span, help=way_out))


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
