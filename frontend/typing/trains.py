"""Spike trains that a program lists, or keeps in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.rules import Train, Trains
from ..stored.arrays import Array, Header, read_npy
from ..stored.opened import read_array
from ..stored.unfit import Unfit
from ..syntax.tree import Expression
from .constants import Constant, Scope, evaluate, whole, wrong_type

MOST_VALUES = 1 << 22  # of the trains in a file
_WAY_OUT = "store 0 and 1 as [classes, outputs, steps]"


def train(node: Expression, scope: Scope) -> Train:
    """`[0, 1, 1]`: whether a spike is wanted, step by step."""
    return _train(evaluate(node, scope), node.span)


def trains(node: Expression, scope: Scope) -> Trains:
    """A train by class and output: `[[[0, 1], [0]], [[0], [0, 1]]]`, or the name of a file."""
    value = evaluate(node, scope)
    if isinstance(value, str):
        return _from_file(Path(node.span.source.name).parent / value, node.span)
    of_classes = [_items(of_class, node.span) for of_class in _items(value, node.span)]
    return tuple(tuple(_train(one, node.span) for one in of_class) for of_class in of_classes)


def _items(value: Constant, span: Span) -> tuple[Constant, ...]:
    if not isinstance(value, tuple) or not value:
        raise wrong_type("a list of trains", value, span)
    return value


def _train(value: Constant, span: Span) -> Train:
    if not isinstance(value, tuple) or not value:
        raise wrong_type("a train, such as `[0, 1, 1]`", value, span)
    steps = tuple(whole(item, span) for item in value)
    if not {0, 1}.issuperset(steps):
        message = f"a train has 0 and 1, not {next(s for s in steps if s not in (0, 1))}"
        raise CompileError(Diagnostic("E022", message, span))
    return steps


def _from_file(path: Path, span: Span) -> Trains:
    array = read_array(path, span, lambda file: _binary(read_npy(file, _require_trains)))
    return tuple(tuple(tuple(int(step) for step in one) for one in of_class) for of_class in array)


def _require_trains(header: Header) -> None:
    if len(header.shape) != 3 or 0 in header.shape or header.dtype.kind not in "biuf":
        raise Unfit(f"it holds {header.dtype} {list(header.shape)}, not trains", _WAY_OUT)
    if np.prod(header.shape) > MOST_VALUES:
        raise Unfit(f"its trains have more than {MOST_VALUES} steps in all", _WAY_OUT)


def _binary(array: Array) -> Array:
    others = array[(array != 0) & (array != 1)]
    if others.size:
        raise Unfit(f"it holds {others[0]:g}", _WAY_OUT)
    return array
