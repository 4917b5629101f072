"""Weights that a program lists or keeps in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.report import Report
from ...ir.rules import Row
from ..syntax.tree import Call, Expression
from ..typing.arguments import fill_bound, missing
from ..typing.constants import Constant, Scope, evaluate, number, whole, wrong_type
from ..units import NUMBER
from .weights import read_weights

Weights = npt.NDArray[np.float32]
Sizes = tuple[int | None, int | None]  # neurons before and after; None: not known yet
Loader = Callable[
    [Row, Call, Mapping[str, Expression], Scope, Sizes, Report], tuple[IrCall, Weights]
]


def _listed(call: Call, bound: Mapping[str, Expression], scope: Scope) -> tuple[IrCall, Weights]:
    """`list(synapses = [[pre, post, weight], …])`."""
    if "synapses" not in bound:
        raise CompileError(missing(call, "synapses"))
    node = bound["synapses"]
    value = evaluate(node, scope)
    if not isinstance(value, tuple):
        raise wrong_type("a list of `[pre, post, weight]`", value, node.span)
    synapses = [_synapse(item, node.span) for item in value]
    if not synapses:
        raise CompileError(Diagnostic("E042", "the list of synapses is empty", node.span))
    pairs = tuple((pre, post) for pre, post, _ in synapses)
    weights = np.array([weight for _, _, weight in synapses], dtype=np.float32)
    return IrCall("list", (("synapses", pairs),)), weights


def _synapse(item: Constant, span: Span) -> tuple[int, int, float]:
    if not isinstance(item, tuple) or len(item) != 3:
        message = "a synapse is `[pre, post, weight]`"
        raise CompileError(Diagnostic("E042", message, span, help="such as `[[0, 1, 0.5]]`"))
    pre, post = (_index(part, span) for part in item[:2])
    return pre, post, number(item[2], span, NUMBER)


def _index(part: Constant, span: Span) -> int:
    index = whole(part, span)
    if index < 0:
        raise CompileError(Diagnostic("E042", f"a neuron's index is 0 or more, not {index}", span))
    return index


def _from_file(
    row: Row,
    call: Call,
    bound: Mapping[str, Expression],
    scope: Scope,
    sizes: Sizes,
    report: Report,
) -> tuple[IrCall, Weights]:
    """`file(path = "w.npy", layout = "matrix")`; rows of pre, post, weight become a list."""
    arguments = dict(fill_bound(row, call, bound, scope, report))
    span = bound["path"].span
    path, key = str(arguments["path"]), str(arguments["key"])
    weights = read_weights(Path(span.source.name).parent / path, key, span)
    layout = str(arguments["layout"])
    if layout == "auto":
        layout = _layout(weights, sizes, path, span)
    if layout == "list":
        return _as_list(weights, sizes, path, span)
    if not _may_be_matrix(weights, sizes):
        raise CompileError(_unfit(weights, sizes, path, span))
    return IrCall("file", tuple(arguments.items())), weights


def _layout(weights: Weights, sizes: Sizes, path: str, span: Span) -> str:
    """How the table is to be read, if there is one way only."""
    if not _may_be_matrix(weights, sizes):
        return "list" if weights.shape[1] == 3 else "matrix"
    if not _may_be_list(weights, sizes):
        return "matrix"
    message = f"`{path}` may be a [pre, post] matrix, and may be rows of pre, post, weight"
    way_out = 'say which: `layout = "matrix"` or `layout = "list"`'
    raise CompileError(Diagnostic("E042", message, span, help=way_out))


def _may_be_matrix(weights: Weights, sizes: Sizes) -> bool:
    pairs = zip(weights.shape, sizes, strict=True)
    return all(neurons is None or neurons == extent for extent, neurons in pairs)


def _may_be_list(weights: Weights, sizes: Sizes) -> bool:
    if weights.shape[1] != 3 or not _are_indices(weights[:, :2]):
        return False
    pairs = zip(weights.max(axis=0), sizes, strict=False)
    return all(neurons is None or index < neurons for index, neurons in pairs)


def _are_indices(table: Weights) -> bool:
    return bool(np.all(table >= 0) and np.all(table == np.floor(table)))


def _unfit(weights: Weights, sizes: Sizes, path: str, span: Span) -> Diagnostic:
    got, wanted = list(weights.shape), ", ".join("any" if n is None else str(n) for n in sizes)
    message = f"`{path}` holds {got} weights, but the populations ask for [{wanted}]"
    way_out = "a matrix is [pre, post]; a list has rows of pre, post, weight"
    return Diagnostic("E040", message, span, help=way_out)


def _as_list(table: Weights, sizes: Sizes, path: str, span: Span) -> tuple[IrCall, Weights]:
    """Rows of pre, post, weight as the connectivity `list`."""
    if table.shape[1] != 3:
        raise CompileError(_unfit(table, sizes, path, span))
    if not _are_indices(table[:, :2]):
        message = "the first two columns are not indices of neurons"
        raise CompileError(Diagnostic("E042", message, span, help="rows are pre, post, weight"))
    pairs = tuple((int(pre), int(post)) for pre, post in table[:, :2])
    return IrCall("list", (("synapses", pairs),)), table[:, 2].copy()


LOADERS: dict[str, Loader] = {
    "list": lambda row, call, bound, scope, *_: _listed(call, bound, scope),
    "file": _from_file,
}
