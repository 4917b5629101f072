"""Weights that a program lists or keeps in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ...ir.arguments import Row
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.report import Report
from ..syntax.tree import Call, Expression
from ..typing.arguments import fill_bound, missing
from ..typing.constants import Constant, Scope, evaluate, number, whole, wrong_type
from ..units import NUMBER
from .layouts import Sizes, WeightFile, Weights
from .weights import read_weights

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
    place = bound["path"].span
    file = WeightFile(str(arguments["path"]), place, sizes)
    path = Path(place.source.name).parent / file.path
    table = read_weights(path, str(arguments["key"]), file.require_room, place)
    layout = str(arguments["layout"])
    if layout == "auto":
        layout = file.layout(table)
    if layout == "list":
        pairs, weights = file.as_list(table)
        return IrCall("list", (("synapses", pairs),)), weights
    weights = file.as_matrix(table, layout)
    return IrCall("file", tuple((arguments | {"layout": layout}).items())), weights


LOADERS: dict[str, Loader] = {
    "list": lambda row, call, bound, scope, *_: _listed(call, bound, scope),
    "file": _from_file,
}
