"""A call's arguments with their types, which the frontend or the verifier has checked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .expr import Apply, Const, Expr, Ref
from .graph import Call
from .types import Shape


def number(call: Call, name: str) -> float:
    """A number argument."""
    value = call[name]
    assert isinstance(value, (int, float)), (call.kind, name, value)
    return float(value)


Level = float | npt.NDArray[np.float64]


def level(call: Call, name: str) -> Level:
    """A number argument, or f64[channels] where there is one a channel."""
    value = call[name]
    return np.array(value, np.float64) if isinstance(value, tuple) else number(call, name)


def integer(call: Call, name: str, default: int | None = None) -> int:
    """A whole-number argument; a default is that of one which a call may leave out."""
    value = call[name] if default is None else dict(call.arguments).get(name, default)
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
