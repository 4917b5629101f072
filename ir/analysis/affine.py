"""What phases of a step make of its states, as an affine map."""

from __future__ import annotations

import numpy as np

from ..expr import Expr, Ref, affine, evaluate, names, substitute
from ..graph import Population
from ..neuron import Assign, NeuronStep
from ..types import DType

# Coefficients over the old states and the ports, "" for the constant; those of 0 left out.
Row = dict[str, float]
Terms = dict[str, Expr]


def affine_map(population: Population, *phases: tuple[Assign, ...]) -> dict[str, Row | None]:
    """Of every real state its value after the phases, done one after the other; None where it is
    not affine in the old states and the ports."""
    step = population.step
    assert step is not None, "the pass `discretize` must have run"
    constants = dict(zip(step.constants, population.constants, strict=True))
    return {s: _row(terms, constants) for s, terms in affine_terms(step, *phases).items()}


def affine_terms(step: NeuronStep, *phases: tuple[Assign, ...]) -> dict[str, Terms | None]:
    """The same over the constants of the step, whose values are left open."""
    variables = frozenset(s.name for s in step.states) | frozenset(step.ports)
    now = _composed(phases)
    return {
        s.name: affine(now.get(s.name, Ref(s.name, s.dtype)), variables)
        for s in step.states
        if s.dtype is not DType.I32
    }


def reached_terms(step: NeuronStep, *phases: tuple[Assign, ...]) -> dict[str, Terms | None]:
    """The same of the states that anything which arrives reaches, as affine in those and the ports
    alone: what is told by the others may stand in the coefficients."""
    now = _composed(phases)
    reached, found = frozenset(step.ports), frozenset[str]()
    while reached != found:
        found = reached
        reached = found | {state for state, value in now.items() if names(value) & found}
    return {s.name: affine(now[s.name], found) for s in step.states if s.name in found}


def _composed(phases: tuple[tuple[Assign, ...], ...]) -> dict[str, Expr]:
    """What the phases make of the states that they assign, in those before them."""
    now: dict[str, Expr] = {}
    for assign in (a for phase in phases for a in phase):
        now[assign.target] = substitute(assign.value, now)
    return now


def affine_row(expr: Expr, variables: frozenset[str], values: dict[str, float]) -> Row | None:
    """The coefficients of one expression, whose other names have these values."""
    return _row(affine(expr, variables), values)


def _row(terms: Terms | None, values: dict[str, float]) -> Row | None:
    if terms is None:
        return None
    with np.errstate(all="ignore"):
        row = {name: float(evaluate(e, values, np.float64)) for name, e in terms.items()}
    return {name: value for name, value in row.items() if value != 0.0}
