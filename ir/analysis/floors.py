"""Floors of states: `v + max(a, -v)` is `v + a`, but 0 at least."""

from __future__ import annotations

from dataclasses import replace

from ..expr import Apply, Expr, walk
from ..graph import Population
from ..neuron import Assign
from .affine import affine_row


def without_floors(population: Population, phase: tuple[Assign, ...]) -> tuple[Assign, ...]:
    """The phase with what its states come to above their floors. A floor is a `max` of which one
    way makes the whole a constant, and there is one in an assignment at most."""
    return tuple(replace(a, value=_above(population, a.value)) for a in phase)


def _above(population: Population, value: Expr) -> Expr:
    step = population.step
    assert step is not None
    found = [e for e in walk(value) if isinstance(e, Apply) and e.op == "max"]
    if len(found) != 1:
        return value
    variables = frozenset(s.name for s in step.states) | frozenset(step.ports)
    constants = dict(zip(step.constants, population.constants, strict=True))
    ways = [_with(value, found[0], way) for way in found[0].args]
    for floor, above in (ways, ways[::-1]):
        row = affine_row(floor, variables, constants)
        if row is not None and not set(row) - {""}:
            return above
    return value


def _with(value: Expr, old: Expr, new: Expr) -> Expr:
    if value is old:
        return new
    if isinstance(value, Apply):
        return replace(value, args=tuple(_with(arg, old, new) for arg in value.args))
    return value
