"""Expressions of a step as sums over its states and ports, coefficients neuron by neuron."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Expr, affine, apply, evaluate
from ..graph import Population
from ..model import Model, start_of
from ..neuron import NeuronStep
from ..types import DType

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """factors[x] x + … + `rest`; all [] or [neurons]."""

    factors: Mapping[str, Numbers]
    rest: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What stands still in a population's step: its constants and the states that nothing assigns,
    float64, [] or [neurons]. `variables`: the real states that move, and the ports; `starts`: where
    those states start."""

    values: Mapping[str, Any]
    variables: frozenset[str]
    starts: Mapping[str, Numbers]

    def terms(self, expr: Expr) -> Terms | None:
        """The expression as a sum; None where it is not affine."""
        found = affine(expr, self.variables)
        if found is None:
            return None
        with np.errstate(all="ignore"):
            row = {
                name: np.asarray(evaluate(e, self.values, np.float64)) for name, e in found.items()
            }
        rest = row.pop("", np.zeros(()))
        return Terms({name: k for name, k in row.items() if k.any()}, rest)


def known_of(model: Model, population: Population, step: NeuronStep) -> Known:
    """What stands still in a step of a model that is settled."""
    constants = dict(zip(step.constants, map(np.float64, population.constants), strict=True))
    still = step.still
    starts = {
        s.name: start_of(model, population, s, constants, np.float64).astype(np.float64)
        for s in step.states
    }
    moving = {s.name for s in step.states if s.dtype is not DType.I32} - still
    standing = {name: start for name, start in starts.items() if name in still}
    return Known(
        constants | standing,
        frozenset(moving | set(step.ports)),
        {name: start for name, start in starts.items() if name in moving},
    )


def level_of(step: NeuronStep, known: Known, name: str) -> Numbers | None:
    """What a state is compared with where the neuron fires above it; None of another state."""
    condition = step.threshold
    if not isinstance(condition, Apply) or condition.op not in ("gt", "ge", "lt", "le"):
        return None
    above = condition.args if condition.op in ("gt", "ge") else condition.args[::-1]
    terms = known.terms(apply("sub", *above))
    if terms is None or terms.factors.keys() != {name} or not (terms.factors[name] > 0.0).all():
        return None
    return -terms.rest / terms.factors[name]
