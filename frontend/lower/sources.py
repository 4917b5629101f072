"""`source` statements to populations that fire by themselves."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...ir.calls import number, text
from ...ir.diagnostics import CompileError, Diagnostic, Span
from ...ir.graph import Call as IrCall
from ...ir.graph import Population
from ...ir.sources import MOST_TOLD, ROW_OF_EVENTS, SOURCE, SOURCES
from ...ir.types import Shape
from ..stored.arrays import Header
from ..syntax.tree import Bracket, Call, SourceStatement
from ..typing.arguments import fill, look_up
from ..typing.constants import Scope
from ..units import TIME
from .arrays import expand
from .construction import Body, Environment, KnownPopulation
from .populations import shape_of, split
from .weights import read_numbers

ROWS = {kind: row for kind, row in SOURCES.items() if kind != "given"}
FILE = "file"


def declare_source(statement: SourceStatement, environment: Environment, body: Body) -> None:
    """Add the source, or every source of the array, to the network and the body."""
    name = statement.name
    array, bracket = split(statement.brackets)
    for suffix, inside in expand(array, environment, body):
        body.network.unrolled.count_part(name.span)
        local = name.text + suffix
        shape = _shape(statement, bracket, inside.scope, body)
        full = body.prefix + local
        call = _call(statement.call, full, inside.scope, body)
        population = Population(full, shape, SOURCE, source=call, span=name.span)
        body.declare(local, name.span, KnownPopulation(full, name.span, prod(shape), None, {}))
        body.network.populations.append(population)


def _shape(statement: SourceStatement, bracket: Bracket | None, scope: Scope, body: Body) -> Shape:
    shape = shape_of(bracket, scope, body)
    if not shape:
        name = statement.name
        way_out = f"write `source {name.text}[100] : …`"
        raise CompileError(Diagnostic("E040", "a source needs a shape", name.span, help=way_out))
    return shape


def _call(call: Call, name: str, scope: Scope, body: Body) -> IrCall:
    """What the source fires; `times(file(…))` becomes a tensor of the network."""
    row = look_up(ROWS, call, "source")
    nodes = [a.value for a in call.arguments]
    if call.name.text == "times" and len(nodes) == 1 and _is_file(nodes[0]):
        (node,) = nodes
        assert isinstance(node, Call)
        said = fill(ROW_OF_EVENTS, node, scope, body.report, kinds=(TIME,))
        body.network.tensors[name] = _from_file(said, node.span, body.network.dt or 1.0)
        return IrCall("given", (("tensor", name),))
    return fill(row, call, scope, body.report)


def _is_file(node: object) -> bool:
    return isinstance(node, Call) and node.name.text == FILE


def _from_file(call: IrCall, place: Span, dt: float) -> npt.NDArray[np.float32]:
    """Rows (step, neuron) of a file that has these, or (time, neuron) where it says a unit."""

    def accept(header: Header) -> None:
        if len(header.shape) != 2 or header.shape[1] != 2:
            message = f"`{text(call, 'path')}` holds {list(header.shape)}, not rows of two numbers"
            way_out = "store a row (step, neuron) for each spike, or (time, neuron) with `unit`"
            raise CompileError(Diagnostic("E040", message, place, help=way_out))

    path = Path(place.source.name).parent / text(call, "path")
    table = read_numbers(path, text(call, "key"), accept, place)
    rows = np.asarray(table, np.float64)
    unit = dict(call.arguments).get("unit")
    if unit is not None:
        rows = rows * [number(call, "unit") / dt, 1.0]
    steps = np.rint(rows)
    wrong = np.flatnonzero((np.abs(rows - steps) > 1e-6 * np.maximum(1.0, steps)).any(axis=1))
    if len(wrong):
        message = f"row {wrong[0]} of `{text(call, 'path')}` is no step and neuron"
        way_out = "times are multiples of dt, in the `unit` that is said; neurons count from 0"
        raise CompileError(Diagnostic("E045", message, place, help=way_out))
    if len(steps) and not (steps.min() >= 0 and steps.max() < MOST_TOLD):
        message = f"steps and neurons of `{text(call, 'path')}` are from 0 to {MOST_TOLD - 1}"
        raise CompileError(Diagnostic("E022", message, place))
    return steps.astype(np.float32)
