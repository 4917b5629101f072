"""The values of a population's neurons: one for all, or what each has its own of."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...ir.calls import expression, number, text
from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.drawn import DRAWS, INDEX
from ...ir.expr import names
from ...ir.graph import Call as IrCall
from ...ir.types import Shape
from ..stored.arrays import Header
from ..syntax.tree import Call
from ..typing.declarations import Drawn
from ..typing.draws import FILE
from ..typing.models import CheckedModel, settled
from .construction import Body
from .weights import read_numbers

Calls = tuple[tuple[str, IrCall], ...]


def values_of(
    model: CheckedModel, call: Call, population: str, shape: Shape, body: Body
) -> tuple[tuple[tuple[str, float], ...], Calls]:
    """Every parameter with its value, or a typical one, and what of the parameters and states is
    drawn, in an order in which none reads a later one."""
    known = settled(model, call)
    calls: dict[str, IrCall] = {}
    for name in model.parameters:
        drawn = model.drawn.get(name)
        if drawn is None:
            continue
        made = _resolved(drawn, f"{population}/{name}", shape, body)
        known[name] = _typical(name, made, drawn, known, body)
        if _varies(made, calls):
            calls[name] = made
    for name in model.states:
        if name in model.drawn:
            calls[name] = _resolved(model.drawn[name], f"{population}/{name}", shape, body)
    _require_independent(model, calls)
    return tuple((name, known[name]) for name in model.values), tuple(calls.items())


def _varies(call: IrCall, varying: Mapping[str, IrCall]) -> bool:
    """Whether neurons may differ: a function of parameters that do not is one value."""
    return call.kind != "expression" or bool(names(expression(call, "value")) & {INDEX, *varying})


def _typical(
    name: str, call: IrCall, drawn: Drawn, known: Mapping[str, float], body: Body
) -> float:
    value = DRAWS[call.kind].typical(call, known, body.network.tensors)
    if not isfinite(value) or abs(value) > 3e38:
        message = f"`{name}` comes to {value:g}, and a parameter is a finite number"
        raise CompileError(Diagnostic("E022", message, drawn.span))
    return value


def _require_independent(model: CheckedModel, calls: Mapping[str, IrCall]) -> None:
    """E051 where a value follows a parameter that learns, or all neurons are to learn one value of
    those they have their own of."""
    learnt = {name: how for name, how in model.learnt.items() if how is not None}
    for name, drawn in model.drawn.items():
        read: frozenset[str] = frozenset()
        if drawn.call.kind == "expression":
            read = names(expression(drawn.call, "value")) & learnt.keys()
        for other in sorted(read):
            message = f"`{name}` follows `{other}`, which learns, and would not move with it"
            way_out = f"leave `trainable` of `{other}` out, or write `{name}` into the equations"
            said, place = learnt[other], Note(drawn.span, f"`{name}` is worked out here")
            raise CompileError(Diagnostic("E051", message, said.span, "", (place,), way_out))
        how = learnt.get(name)
        if how is not None and how.is_shared and name in calls:
            message = f"`{name}` is to be one value for all neurons, and each has its own"
            way_out = "leave `shared = true` out, or give one value"
            raise CompileError(Diagnostic("E051", message, how.span, help=way_out))


def _resolved(drawn: Drawn, name: str, shape: Shape, body: Body) -> IrCall:
    """The call; that of a file is the tensor of its name, which goes to the network."""
    if drawn.call.kind != FILE:
        return drawn.call
    body.network.tensors[name] = _from_file(drawn.call, drawn.span, shape)
    return IrCall("given", (("tensor", name),))


def _from_file(call: IrCall, place: Span, shape: Shape) -> npt.NDArray[np.float32]:
    """The numbers of a file times their unit, one a neuron."""
    neurons = prod(shape) if shape else None

    def accept(header: Header) -> None:
        if neurons is not None and prod(header.shape) != neurons:
            wanted = f"{neurons} neurons"
            raise CompileError(
                Diagnostic(
                    "E040",
                    f"`{text(call, 'path')}` holds {prod(header.shape)} numbers for {wanted}",
                    place,
                    help="store one number for each neuron, in the order of the flat indices",
                )
            )

    path = Path(place.source.name).parent / text(call, "path")
    table = read_numbers(path, text(call, "key"), accept, place)
    values = number(call, "unit") * np.asarray(table, np.float64).reshape(-1)
    with np.errstate(over="ignore"):
        made = values.astype(np.float32)
    if not np.isfinite(made).all():
        reason = f"in its unit {values[~np.isfinite(made)][0]:g} is too large"
        raise CompileError(Diagnostic("E022", reason, place))
    return made
