"""Codes as whole numbers of float64, where it is proved that none leaves its type, however long a
network runs: fewer nodes a step than in int32 and int64, and no division, which is slow.

Every code of 32 bits is a float64, and so is a product or a sum of some: all below 2^53 is exact.
A shift to the right is a product with a power of two, which is exact, and `Floor`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np

from ....ir.expr import Apply, Const, Expr, Ref, apply
from ....ir.graph import Population
from ....ir.model import Model
from ....ir.neuron import COUNTER, REFRACTORY, SPIKED, NeuronStep
from ....ir.ops import ROUNDINGS, movement
from ....ir.types import DType, Fixed
from .expressions import COUNTER as COUNTS
from .expressions import Level, Scopes, Value, Writer
from .neurons import Done, code_values, moving, start, step_of
from .nodes import Nodes

KIND = "f64"
EXACT = 1 << 53
ROUNDS = 120  # after which ranges have come to an end, or none is looked for
APART = 3  # rounds between guesses
BEYOND = 1.05  # of the way to where a range seems to end
ENDLESS = 1 << 40  # steps by which a counter of refractory steps may go down
OPERATORS = frozenset(
    ("add", "sub", "neg", "abs", "min", "max", "mulwide", "select", "and", "or", "not")
    + ("lt", "le", "gt", "ge", "eq", "ne", "shl", "shr", "narrow", "saturate")
)
ROUNDED = {"floor": "Floor(Mul({0}, {part}))", "nearest_even": "Round(Mul({0}, {part}))"}
Range = tuple[int, int]
Ranges = Mapping[str, Range]  # the codes of each state


class Unproved(Exception):
    """A code may leave its type, or an operator has no form of whole numbers."""


def proved_ranges(
    model: Model, population: Population, ports: Mapping[str, Value]
) -> Ranges | None:
    """The codes that the states may ever have: those where they start, and any to which a step goes
    from these, which is proved by a step from all of them. None where there is no such proof, or no
    form of whole numbers. `ports`: what may arrive."""
    ranges = _starts(model, population)
    ends: list[Ranges] = []
    try:
        for count in range(1, ROUNDS):
            found = _after(model, population, ports, ranges)
            if all(_holds(ranges[name], each) for name, each in found.items()):
                return ranges
            ranges = {name: _joined(ranges[name], found[name]) for name in ranges}
            ends = [*ends[-2:], ranges]
            if count % APART == 0:
                ranges = {name: _guess(*(each[name] for each in ends)) for name in ranges}
                ends = []
    except Unproved:
        return None
    return None


def _starts(model: Model, population: Population) -> Ranges:
    codes = {s.name: start(model, population, s) for s in moving(population)}
    return {
        name: (int(each.min()), int(each.max()))
        for name, each in codes.items()
        if name != REFRACTORY
    }


def _after(
    model: Model, population: Population, ports: Mapping[str, Value], ranges: Ranges
) -> Ranges:
    """The ranges after a step, which is written into graphs that are thrown away."""
    outer = Nodes()
    scopes, names = Scopes(outer, Nodes(outer)), {s.name: "x" for s in moving(population)}
    made = whole_step(model, population, scopes, ports, names, ranges)
    return {name: (made.states[name].low, made.states[name].high) for name in ranges}


def _holds(one: Range, other: Range) -> bool:
    return one[0] <= other[0] and other[1] <= one[1]


def _joined(one: Range, other: Range) -> Range:
    return min(one[0], other[0]), max(one[1], other[1])


def _guess(first: Range, second: Range, third: Range) -> Range:
    """Where a range that grew so may end, and a little beyond."""
    low, high = (_limit(*ends) for ends in zip(first, second, third, strict=True))
    return low, high


def _limit(first: int, second: int, third: int) -> int:
    steps = abs(second - first), abs(third - second)
    if not steps[1]:
        return third
    if steps[1] >= steps[0]:
        return 2 * third
    way = steps[1] * steps[1] / (steps[0] - steps[1])
    return third + (ceil(way * BEYOND) + APART) * (1 if third > second else -1)


class WholeWriter(Writer):
    """Expressions as whole numbers; Unproved for one that may leave its type."""

    def value(self, expr: Expr) -> Value:
        """What an expression is."""
        if isinstance(expr, Apply) and expr.op not in OPERATORS:
            raise Unproved
        return self._scaled(expr) or super().value(expr)

    def _scaled(self, expr: Expr) -> Value | None:
        """x m / 2^k, m a number: a product with m 2^-k, which is exact; None of any other."""
        product = expr.args[0] if isinstance(expr, Apply) and expr.immediate is not None else None
        if not isinstance(product, Apply) or product.op != "mulwide":
            return None
        code, factor = product.args
        assert isinstance(expr, Apply)
        moved = movement(expr.op, product.dtype, expr.immediate)
        if not isinstance(factor, Const) or moved is None or moved[0] >= 0:
            return None
        value, number = self.value(code), int(factor.value)
        ends = sorted(number * end for end in (value.low, value.high))
        self.kind([value], *ends)
        low, high = (_shifted_by(end, moved) for end in ends)
        made = self._floored(value, number * 2.0 ** moved[0], moved[1], low, high)
        return self.fitted(made, moved[1])

    def kind(self, args: list[Value], *numbers: int) -> str:
        """Of a result and its arguments."""
        ends = (*numbers, *(end for each in args for end in (each.low, each.high)))
        if max(abs(end) for end in ends) >= EXACT:
            raise Unproved
        return KIND

    def wraps(self, dtype: Fixed, args: list[Value]) -> bool:
        """Never by itself."""
        return False

    def shifted(self, code: Value, places: int, target: Fixed, low: int, high: int) -> Value:
        """A code over 2^places, rounded as the target does."""
        return self._floored(code, 2.0**-places, target, low, high)

    def _floored(self, code: Value, part: float, target: Fixed, low: int, high: int) -> Value:
        if target.rounding not in ROUNDED:
            raise Unproved
        name = self.scopes.name(code, self.kind([code], low, high), code.level)
        text = ROUNDED[target.rounding].format(name, part=f"{KIND}({part!r})")
        return Value(KIND, low, high, self.scopes.at(code.level).text(text), code.level)

    def fitted(self, value: Value, dtype: Fixed) -> Value:
        """A result in its type, where that saturates. A counter has none to leave."""
        if dtype is COUNTS or (dtype.low <= value.low and value.high <= dtype.high):
            return value
        if dtype.overflow == "wrap":
            raise Unproved
        return super().fitted(value, dtype)


def _shifted_by(code: int, moved: tuple[int, Fixed]) -> int:
    return int(ROUNDINGS[moved[1].rounding](code, -moved[0]))


def whole_step(
    model: Model,
    population: Population,
    scopes: Scopes,
    ports: Mapping[str, Value],
    states: Mapping[str, str],
    ranges: Ranges,
) -> Done:
    """A step from the values of its ports and the names of its states, float64 [B, N]. Its counter
    of refractory steps goes on below 0, which means 0."""
    step, values = step_of(population), {**ports, **code_values(model, population, states)}
    for state in moving(population):
        low, high = ranges.get(state.name, (-ENDLESS, COUNTS.high))
        values[state.name] = Value(KIND, low, high, states[state.name], Level.STEP)
    writer = WholeWriter(scopes, values)
    for assign in step.update:
        writer.values[assign.target] = writer.value(assign.value)
    spiked = writer.value(_condition(model, population))
    writer.values[SPIKED] = spiked
    for assign in step.after:
        value = _counted(step) if assign.target == REFRACTORY else assign.value
        writer.values[assign.target] = writer.value(value)
    return Done(spiked, {s.name: writer.values[s.name] for s in moving(population)})


def _counted(step: NeuronStep) -> Expr:
    """The counter after a step."""
    assert step.refractory is not None
    left = apply("sub", COUNTER, Const(1, DType.I32))
    return apply("select", Ref(SPIKED, DType.BOOL), step.refractory, left)


def _condition(model: Model, population: Population) -> Expr:
    """Whether a neuron fires, without a look at its counter where what is held while that counts is
    below the threshold anyway."""
    step = step_of(population)
    condition = step.threshold
    if not isinstance(condition, Apply) or condition.op not in ("gt", "ge"):
        return step.spike
    state, level = condition.args
    held = [a.value for a in step.hold if isinstance(state, Ref) and a.target == state.name]
    least = _least(model, population, level)
    if len(held) != 1 or not isinstance(held[0], Const) or least is None:
        return step.spike
    return condition if held[0].value < least else step.spike


def _least(model: Model, population: Population, level: Expr) -> int | None:
    """The least threshold of all neurons; None of one that moves."""
    if isinstance(level, Const):
        return int(level.value)
    step = step_of(population)
    own = [s for s in step.states if isinstance(level, Ref) and s.name == level.name]
    if not own or own[0].name not in step.still:
        return None
    return int(np.min(start(model, population, own[0])))
