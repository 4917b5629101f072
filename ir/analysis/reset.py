"""What a spike does to the states of its neuron."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..graph import Population
from .affine import Row, affine_map


class ResetKind(Enum):
    """How a spike changes a state; the value says it in words."""

    ZERO = "to zero"
    VALUE = "to {:g}"
    SUBTRACT = "by subtraction of {:g}"
    ADD = "by addition of {:g}"
    EXPRESSION = "by an expression"


@dataclass(frozen=True, slots=True)
class Reset:
    """What a spike makes of `state`; `value` is what it is set to, or what is taken away or
    added, in the state's unit."""

    state: str
    kind: ResetKind
    value: float = 0.0

    def __str__(self) -> str:
        return self.kind.value.format(self.value)


def resets(population: Population) -> tuple[Reset, ...]:
    """Of every state that a spike changes, in the order of the states; the population has its
    step."""
    assert population.step is not None
    reset = population.step.reset
    changed = {a.target for a in reset}
    rows = affine_map(population, reset)
    return tuple(_reset(state, row) for state, row in rows.items() if state in changed)


def _reset(state: str, row: Row | None) -> Reset:
    if row is None or not set(row) <= {state, ""} or row.get(state, 1.0) != 1.0:
        return Reset(state, ResetKind.EXPRESSION)
    value = row.get("", 0.0)
    if state not in row:
        return Reset(state, ResetKind.VALUE if value else ResetKind.ZERO, value)
    return Reset(state, ResetKind.ADD if value > 0.0 else ResetKind.SUBTRACT, abs(value))
