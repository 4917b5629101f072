"""Weights that a program lists or keeps in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...ir import calls
from ...ir.arguments import Row
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.report import Report
from ..syntax.tree import Call, Expression
from ..typing.arguments import fill_bound, missing
from ..typing.constants import Constant, Scope, evaluate, number, whole, wrong_type
from ..units import NUMBER, TIME, to_unit
from .layouts import Delays, Sizes, WeightFile, Weights
from .weights import read_numbers, read_weights


class Loaded(NamedTuple):
    """A connectivity with its weights, and the delays [ms] of its synapses in the order of the
    list, if it has them; `span` is where all are from."""

    call: IrCall
    weights: Weights
    delays: Delays | None
    span: Span


FILE = "file"
Loader = Callable[[Row, Call, Mapping[str, Expression], Scope, Sizes, Report], Loaded]


def _listed(call: Call, bound: Mapping[str, Expression], scope: Scope) -> Loaded:
    """`list(synapses = [[pre, post, weight], …])`, or each with a delay behind its weight."""
    if "synapses" not in bound:
        raise CompileError(missing(call, "synapses"))
    node = bound["synapses"]
    value = evaluate(node, scope)
    if not isinstance(value, tuple):
        raise wrong_type("a list of `[pre, post, weight]`", value, node.span)
    synapses = [_synapse(item, node.span) for item in value]
    if not synapses:
        raise CompileError(Diagnostic("E042", "the list of synapses is empty", node.span))
    if len({len(synapse) for synapse in synapses}) > 1:
        message = "some synapses of the list have a delay, and some have none"
        raise CompileError(Diagnostic("E042", message, node.span, help="give each one, or none"))
    pairs = tuple((int(pre), int(post)) for pre, post, *_ in synapses)
    weights = np.array([synapse[2] for synapse in synapses], dtype=np.float32)
    has_delays = len(synapses[0]) == 4
    delays = np.array([synapse[3] for synapse in synapses]) if has_delays else None
    return Loaded(IrCall("list", (("synapses", pairs),)), weights, delays, node.span)


def _synapse(item: Constant, span: Span) -> tuple[float, ...]:
    """Pre, post, weight, and a delay [ms] if it has one."""
    if not isinstance(item, tuple) or len(item) not in (3, 4):
        message = "a synapse is `[pre, post, weight]`, or `[pre, post, weight, delay]`"
        raise CompileError(Diagnostic("E042", message, span, help="such as `[[0, 1, 0.5]]`"))
    pre, post = (_index(part, span) for part in item[:2])
    delay = (to_unit(number(part, span, TIME), "ms") for part in item[3:])
    return pre, post, number(item[2], span, NUMBER), *delay


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
) -> Loaded:
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
        pairs, weights, delays = file.as_list(table)
        return Loaded(IrCall("list", (("synapses", pairs),)), weights, delays, place)
    weights = file.as_matrix(table, layout)
    made = IrCall("file", tuple((arguments | {"layout": layout}).items()))
    return Loaded(made, weights, None, place)


LOADERS: dict[str, Loader] = {
    "list": lambda row, call, bound, scope, *_: _listed(call, bound, scope),
    FILE: _from_file,
}


def given_weights(
    init: IrCall, call: Call, name: str, tensors: MutableMapping[str, Weights]
) -> IrCall:
    """The initial weights that `init = file(…)` of the call names, an array of any shape, which
    goes to the `tensors`; that its shape is what the wiring takes is checked with the wiring."""
    (place,) = (a.value.span for a in call.arguments if a.name and a.name.text == "init")
    path = Path(place.source.name).parent / calls.text(init, "path")
    table = read_numbers(path, calls.text(init, "key"), lambda _header: None, place)
    tensors[name] = np.asarray(calls.number(init, "unit") * table, np.float32)
    return IrCall("given", (("tensor", name),))
