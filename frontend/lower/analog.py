"""Inputs whose numbers have a unit: `input I[n] : nA encode current(duration = 500 ms)`."""

from __future__ import annotations

from dataclasses import replace

from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.graph import Call, Value
from ...ir.rules import ENCODINGS, SENT
from ..foreign import unknown
from ..syntax.tree import PopulationStatement
from ..units import NUMBER, UNITS, Dimension, coherent, describe
from .construction import KnownPopulation


def in_unit(call: Call, statement: PopulationStatement) -> tuple[Call, Dimension | None]:
    """The encoding, which sends its numbers in the coherent unit of the one that is said, and what
    that is a unit of; as it is where none is said."""
    said = statement.unit
    if said is None:
        return call, None
    name = said.name
    if name.text not in UNITS or said.arguments:
        raise CompileError(unknown("unit", name.text, name.span, UNITS))
    row = ENCODINGS[call.kind]
    if row.kernel != SENT or row.most(call):
        message = f"`{call.kind}` sends no numbers, and a unit is one of numbers"
        way_out = "write `encode current(duration = …)`, or leave the unit out"
        raise CompileError(Diagnostic("E044", message, name.span, help=way_out))
    unit = UNITS[name.text]
    scaled = tuple((n, _over(v, unit.scale) if n == "sd" else v) for n, v in call.arguments)
    return replace(call, arguments=scaled), unit.dimension


def _over(value: Value, scale: float) -> Value:
    """The number, or each of a list, over the scale."""
    if isinstance(value, tuple):
        return tuple(_over(each, scale) for each in value)
    assert isinstance(value, int | float)
    return value / scale


def dimension_of_weights(pre: KnownPopulation, port: Dimension, name: str, span: Span) -> Dimension:
    """That of the weights to a port of this dimension: plain numbers where what is sent has a unit,
    which must be that of the port."""
    if pre.unit is None:
        return port
    if pre.unit != port:
        raise CompileError(
            Diagnostic(
                "E021",
                f"`{pre.name}` sends {describe(pre.unit)}, and the port `{name}` takes "
                f"{describe(port)}",
                span,
                related=(Note(pre.span, "its unit is said here"),),
                help=f"declare the port with `input {name}: {coherent(pre.unit)}`, or the input in "
                f"{coherent(port)}",
            )
        )
    return NUMBER
