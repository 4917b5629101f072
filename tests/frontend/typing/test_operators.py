from __future__ import annotations

import pytest
from refusal import refused

from snncc.frontend.typing.operators import OPERATORS, Operand, describe_kind
from snncc.frontend.units import NUMBER, TIME, VOLTAGE
from snncc.ir.diagnostics import CompileError, Source, Span

SPAN = Span(Source("t.snn", "x"), 0, 1)


def kind(name: str, *kinds: object) -> object:
    operands = [Operand(k, SPAN) for k in kinds]  # type: ignore[arg-type]
    return OPERATORS[name].rule(SPAN, operands)


@pytest.mark.parametrize("name", OPERATORS)
def test_every_row_takes_as_many_operands_as_it_says(name: str) -> None:
    """Plain numbers or truth values fit every operator, and its constant meaning gives a value."""
    row = OPERATORS[name]
    for value, wanted in ((1.0, NUMBER), (True, None)):
        kinds = [wanted] * row.arity
        if name == "select":
            kinds[0] = None
        try:
            kind(name, *kinds)
        except CompileError:
            continue
        assert row.constant(*[value] * row.arity) is not None
        return
    pytest.fail(f"nothing fits {name}")


@pytest.mark.parametrize("name", ["+", "-", "%", "min", "max", "<", "==", ">="])
def test_units_must_agree(name: str) -> None:
    assert kind(name, TIME, TIME) in (TIME, None)
    refused("E021", kind, name, TIME, VOLTAGE)


def test_kinds_in_words() -> None:
    assert describe_kind(None) == "true or false"
    assert describe_kind(TIME) == "a time"
