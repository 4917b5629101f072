"""The units of the states and ports of a neuron, chosen so that what one brings to another is
added as it is.

A code of `frac` fraction bits means code 2^-frac unit. Where a step adds k y to x, y has the unit
of x over k; and so have the terms of a comparison among each other. What no relation reaches has
the unit of the state by which the neuron fires. Of more relations than units, those of the
threshold come first, then those of the phases from the last to the first; the others cost a factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Expr, walk
from ..neuron import LAST_EMITTED, NeuronStep
from ..types import Fixed
from .terms import Known

Numbers = npt.NDArray[np.float64]


class Relation(NamedTuple):
    """unit(`one`) = ratio unit(`other`), ratio > 0, [] or [neurons]."""

    one: str
    other: str
    ratio: Numbers


def relative_units(step: NeuronStep, known: Known) -> dict[str, Numbers]:
    """The unit of every state and port that moves, relative to that of the first of them in the
    threshold, or in what the neuron emits."""
    relations = list(_relations(step, known))
    moving = [x for x in (*(s.name for s in step.states), *step.ports) if x in known.variables]
    first = relations[0].one if relations else moving[0]
    units = {first: np.ones(())}
    while len(units) < len(moving):
        found = next((r for r in relations if (r.one in units) != (r.other in units)), None)
        if found is None:
            return units | {name: np.ones(()) for name in moving if name not in units}
        if found.one in units:
            units[found.other] = units[found.one] / found.ratio
        else:
            units[found.one] = units[found.other] * found.ratio
    return units


def least_base(
    step: NeuronStep, known: Known, relative: Mapping[str, Numbers], dtype: Fixed
) -> Numbers:
    """The base unit below which the threshold would be no code of a state, [] or [neurons]: that
    of a neuron all of whose weights are next to 0."""
    least = np.zeros(())
    for node in () if step.threshold is None else walk(step.threshold):
        if not (isinstance(node, Apply) and node.op in _COMPARISONS):
            continue
        terms = known.terms(Apply("sub", node.args, node.args[0].dtype))
        if terms is not None and terms.factors:
            first = next(iter(terms.factors))
            unit = relative[first] * abs(terms.factors[first])
            least = np.maximum(least, np.ldexp(abs(terms.rest) / unit, dtype.frac + 1) / dtype.high)
    return least


def _relations(step: NeuronStep, known: Known) -> Iterator[Relation]:
    for expr in (step.threshold, step.emit):
        if expr is not None:
            yield from _among(expr, known)
    if step.emit is not None and step.score:
        yield from _into(LAST_EMITTED, step.emit, np.ones(()), known)
    for assigns in reversed((step.decay, step.deliver, step.integrate, step.relax)):
        for assign in assigns:
            yield from _into(assign.target, assign.value, np.ones(()), known)


def _among(expr: Expr, known: Known) -> Iterator[Relation]:
    """Of the terms of each comparison of an expression, or of the expression itself."""
    if isinstance(expr, Apply) and expr.op in _TRUTHS:
        for argument in expr.args:
            yield from _among(argument, known)
        return
    if isinstance(expr, Apply) and expr.op in _COMPARISONS:
        expr = Apply("sub", expr.args, expr.args[0].dtype)
    terms = known.terms(expr)
    factors = {} if terms is None else {x: k for x, k in terms.factors.items() if k.all()}
    first = next(iter(factors), None)
    for other in list(factors)[1:] or list(factors):
        assert first is not None
        yield Relation(first, other, abs(factors[other] / factors[first]))


def _into(target: str, expr: Expr, factor: Numbers, known: Known) -> Iterator[Relation]:
    """Of what an assignment adds `factor` times to its target."""
    terms = known.terms(expr)
    if terms is not None:
        for name, k in terms.factors.items():
            if name != target and (factor * k).all():
                yield Relation(target, name, abs(factor * k))
    elif isinstance(expr, Apply):
        for argument in expr.args:
            yield from _into(target, argument, factor, known)


_TRUTHS = ("and", "or", "not")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
