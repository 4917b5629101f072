"""The units of the states and ports of a neuron, chosen so that what one brings to another is
added as it is.

A code of `frac` fraction bits means code 2^-frac unit. Where a step adds k y to x, y has the unit
of x over k; and so have the terms of a comparison among each other. What no relation reaches has
the unit of the largest number that is added to it. Of more relations than units, those of the
threshold come first, then those of the phases from the last to the first; the others cost a factor.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Expr, walk
from ..neuron import KEEP, LAST_EMITTED, TRACE, NeuronStep
from ..types import Fixed
from .terms import Known

Numbers = npt.NDArray[np.float64]


class Relation(NamedTuple):
    """unit(`one`) = ratio unit(`other`), ratio > 0, [] or [neurons]."""

    one: str
    other: str
    ratio: Numbers


def relative_units(step: NeuronStep, known: Known) -> dict[str, Numbers]:
    """The unit of each state and port that moves, relative to that of the first of them in the
    threshold, or in what the neuron emits; of the states that a relation reaches, and all ports."""
    relations = list(_relations(step, known))
    moving = _moving(step, known)
    first = relations[0].one if relations else moving[0]
    units = {first: np.ones(())}
    _spread(units, relations)
    return units | {name: np.ones(()) for name in step.ports if name not in units}


def free_units(
    step: NeuronStep, known: Known, reached: Container[str], dtype: Fixed
) -> dict[str, Numbers]:
    """The units of the other states that move, of this type: of a score by spikes, of what its
    spikes add; else of the largest number that a step adds to it, or at which it starts, or 1."""
    relations, units = list(_relations(step, known)), dict[str, Numbers]()
    for name in _moving(step, known):
        if name not in reached and name not in units:
            score = _of_spikes(name, step, known, dtype)
            units[name] = _largest(name, step, known) if score is None else score
            _spread(units, relations)
    return units


def _moving(step: NeuronStep, known: Known) -> list[str]:
    names = (*(s.name for s in step.states), *step.ports)
    return [x for x in names if x in known.variables]


def _spread(units: dict[str, Numbers], relations: Sequence[Relation]) -> None:
    """Adds the units that relations to those known give."""
    while True:
        found = next((r for r in relations if (r.one in units) != (r.other in units)), None)
        if found is None:
            return
        if found.one in units:
            units[found.other] = units[found.one] / found.ratio
        else:
            units[found.one] = units[found.other] * found.ratio


def _of_spikes(name: str, step: NeuronStep, known: Known, dtype: Fixed) -> Numbers | None:
    """Of a score of an output that spikes: a spike adds 1 - keep to its trace, a step 1, which is
    `neuron.one_of` its type."""
    if step.emit is not None or name not in (TRACE, LAST_EMITTED):
        return None
    added = 1.0 - np.asarray(known.values.get(KEEP, 0.0), np.float64)
    return np.asarray(np.ldexp(added, min(0, dtype.frac)))


def _largest(name: str, step: NeuronStep, known: Known) -> Numbers:
    found = [known.starts[name]]
    for assigns in step.assigns.values():
        terms = [known.terms(a.value) for a in assigns if a.target == name]
        found += [each.rest for each in terms if each is not None]
    largest = max((abs(each).max() for each in found), default=0.0)
    return np.asarray(largest if largest > 0.0 else 1.0)


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
        return
    assert isinstance(expr, Apply)
    if expr.op == "select":
        yield from _among(expr.args[0], known)
        for argument in expr.args[1:]:
            yield from _into(target, argument, factor, known)
    elif expr.op in ("mul", "div"):
        number, other = _split(expr, known)
        if other is not None:
            yield from _into(target, other, factor * number, known)
    else:
        for argument in expr.args:
            yield from _into(target, argument, factor, known)


def _split(expr: Apply, known: Known) -> tuple[Numbers, Expr | None]:
    """A product or quotient as a number times an expression; of a quotient by a state, the unit of
    what is divided is kept, and of a product of states there is none."""
    left, right = (known.terms(each) for each in expr.args)
    if right is not None and not right.factors:
        return (right.rest if expr.op == "mul" else 1.0 / right.rest), expr.args[0]
    if expr.op == "div":
        return np.ones(()), expr.args[0]
    if left is not None and not left.factors:
        return left.rest, expr.args[1]
    return np.ones(()), None


_TRUTHS = ("and", "or", "not")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
