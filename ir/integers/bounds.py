"""What the states of integer neurons can come to, whatever their inputs do: the proof that no sum
leaves its type.

Every expression of a step is worked out over intervals of codes, one a neuron, from where the
states start, over and over: after t rounds they hold all that t steps can give. Rounds end with the
steps of the run, or where intervals are found that a step does not leave, which hold for ever. What
arrives at a port is at most the sum of its positive weights, at least that of its negative ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Const, Expr, Ref, evaluate
from ..graph import Graph, Population
from ..model import Model, start_of, weights_name
from ..neuron import LAST_EMITTED, Assign, port_types
from ..ops import CODES, OPS, movement
from ..rules import most_sent, sends_numbers
from ..trains import most_given
from ..types import Fixed
from ..wiring import Windows, Wiring, through_windows
from .decays import is_shift_decay

Codes = npt.NDArray[np.int64]
RISING = ("add", "min", "max")  # with each of their arguments
FIRST_GUESS = 1024  # rounds before a limit is guessed; then again after twice as many


class Interval(NamedTuple):
    """From `low` to `high`, [neurons] each."""

    low: Codes
    high: Codes

    def joined(self, other: Interval) -> Interval:
        """The least that holds both."""
        return Interval(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def holds(self, other: Interval) -> bool:
        """Whether all of the other one lies within."""
        return bool((self.low <= other.low).all() and (other.high <= self.high).all())


Intervals = dict[str, Interval]


class Overflow(NamedTuple):
    """A result that may leave its type: of a neuron, on the way to a state, its `bound` [code]."""

    population: str
    neuron: int
    target: str
    bound: int
    dtype: Fixed


@dataclass(frozen=True, slots=True)
class Bounds:
    """`states` and `ports` by population and name; `overflows` of sums at ports, and on the way to
    states that wrap."""

    states: Mapping[str, Intervals]
    ports: Mapping[str, Intervals]
    overflows: tuple[Overflow, ...]


def bounds_of(
    model: Model,
    steps: int,
    learning: frozenset[str] = frozenset(),
    moving: Mapping[tuple[str, str], tuple[Codes, Codes]] = MappingProxyType({}),
) -> Bounds:
    """The bounds of a quantized model in a run of so many steps, whatever codes the weights of the
    projections `learning` come to have, and wherever states that are `moving`, by population and
    name, start from the least to the greatest."""
    states: dict[str, Intervals] = {}
    ports: dict[str, Intervals] = {}
    found: list[Overflow] = []
    for population in _in_order(model.graph):
        if population.step is None:
            continue
        arriving = _arriving(model, population, states, learning)
        found += _beyond(population, arriving)
        ports[population.name] = arriving
        starts = {state: ends for (name, state), ends in moving.items() if name == population.name}
        rounds = _Rounds(model, population, ports[population.name], starts)
        states[population.name] = rounds.run(steps)
        found += rounds.overflows()
    return Bounds(states, ports, tuple(found))


def _in_order(graph: Graph) -> list[Population]:
    index = graph.index()
    return [index[name] for block in graph.schedule or () for name in block.populations]


def _arriving(
    model: Model,
    population: Population,
    states: Mapping[str, Intervals],
    learning: frozenset[str],
) -> Intervals:
    """What can arrive at each port within a step."""
    assert population.step is not None
    most = model.graph.semantics.spikes_per_step
    sums = {port: np.zeros((2, population.neurons), np.int64) for port in population.step.ports}
    for projection in model.graph.projections:
        if projection.post != population.name:
            continue
        value = model.values[weights_name(projection.name)]
        codes = value.array.astype(np.int64)
        emitted = _emitted(model.graph, projection.pre, states, most)
        if projection.name in learning:
            assert isinstance(value.dtype, Fixed)
            codes, largest = np.full_like(codes, value.dtype.high), np.maximum(*map(abs, emitted))
            emitted = Interval(-largest, largest)
        brought = _brought(model.wirings[projection.name], codes, emitted)
        for row, end in enumerate(brought):
            sums[projection.port][row] += end
    return {port: Interval(*ends) for port, ends in sums.items()}


def _brought(wiring: Wiring, weights: Codes, emitted: Interval) -> Interval:
    """What arrives at each post neuron of numbers within an interval a pre neuron."""
    # Sums of whole numbers below 2^53 are exact in float64.
    if isinstance(wiring, Windows):
        up, down = weights.clip(min=0), weights.clip(max=0)
        pairs = (emitted.low, emitted.high), (emitted.high, emitted.low)
        low, high = (
            (through_windows(wiring, up, own) + through_windows(wiring, down, other)).astype(int)
            for own, other in pairs
        )
        return Interval(low, high)
    pre, post = wiring.pairs()
    ends = [weights.ravel()[wiring.places()] * end[pre] for end in emitted]
    low, high = (
        np.bincount(post, how(*ends), wiring.post_neurons).astype(np.int64)
        for how in (np.minimum, np.maximum)
    )
    return Interval(low, high)


def _beyond(population: Population, arriving: Intervals) -> Iterable[Overflow]:
    """The ports whose sums may leave their types, whatever these do then: sums are exact."""
    assert population.step is not None
    for port, dtype in port_types(population.step).items():
        low, high = arriving[port]
        sizes = np.maximum(high, -low - 1)
        neuron = int(sizes.argmax())
        if isinstance(dtype, Fixed) and sizes[neuron] > dtype.high:
            yield Overflow(population.name, neuron, port, int(sizes[neuron]), dtype)


def _emitted(graph: Graph, pre: str, states: Mapping[str, Intervals], most: int) -> Interval:
    """What each neuron of a population sends: no spike or up to `most`, or a number."""
    population = graph.population(pre)
    neurons, step = population.neurons, population.step
    if sends_numbers(population):
        largest = np.full(neurons, most_sent(population), np.int64)
        return Interval(-largest, largest)
    if step is None:
        return Interval(np.zeros(neurons, np.int64), np.full(neurons, most_given(population)))
    if step.emit is None:
        return Interval(np.zeros(neurons, np.int64), np.full(neurons, most, np.int64))
    if pre in states:
        return states[pre][LAST_EMITTED]
    dtype = step.emit.dtype
    assert isinstance(dtype, Fixed)
    return Interval(np.full(neurons, dtype.low), np.full(neurons, dtype.high))


class _Rounds:
    """A population, round after round."""

    def __init__(
        self,
        model: Model,
        population: Population,
        ports: Intervals,
        moving: Mapping[str, tuple[Codes, Codes]],
    ) -> None:
        assert population.step is not None
        self.population, self.step, self.ports = population, population.step, ports
        self.means = model.graph.semantics
        self.worst: dict[str, tuple[int, int, Fixed]] = {}
        self.target = ""
        self.start: Intervals = {}
        for state in self.step.states:
            if isinstance(state.dtype, Fixed):
                code = np.asarray(start_of(model, population, state, {}, np.float64), np.int64)
                ends = moving.get(state.name, (code, code))
                each = (np.broadcast_to(end, (population.neurons,)) for end in ends)
                self.start[state.name] = Interval(*each)

    def run(self, steps: int) -> Intervals:
        """The intervals of the states in all of the steps."""
        now, before = dict(self.start), dict(self.start)
        guess = FIRST_GUESS
        for count in range(steps):
            before, now = now, self._joined(now)
            if all(before[name].holds(now[name]) for name in now):
                return now
            if count == guess:
                limit = _further(before, now)
                worst, self.worst = self.worst, {}
                grown = self._joined(limit)
                if not self.worst and all(limit[name].holds(grown[name]) for name in limit):
                    return limit
                self.worst, guess = worst, 2 * guess
        return now

    def overflows(self) -> Iterable[Overflow]:
        """The worst on the way to each state."""
        for target, (neuron, bound, dtype) in self.worst.items():
            yield Overflow(self.population.name, neuron, target, bound, dtype)

    def _joined(self, now: Intervals) -> Intervals:
        made = self._step(now)
        return {name: now[name].joined(made[name]) for name in now}

    def _step(self, before: Intervals) -> Intervals:
        step = self.step
        now = self._done((*step.decay, *step.deliver), before)
        if self.means.threshold == "event":  # and goes on from where a reset leaves it
            for _ in range(self.means.spikes_per_step):
                after = self._done(step.deliver, self._fired(now))
                now = _either(now, after)
        now = self._done(step.integrate, now)
        if step.refractory is not None:
            now = _either(now, self._done(step.hold, now))
        for _ in range(self.means.spikes_per_step):
            now = self._fired(now)
        return self._done(step.score, now)

    def _fired(self, now: Intervals) -> Intervals:
        """Where the threshold is tested, and what fires is reset."""
        step, fired = self.step, self._firing(now)
        now = self._done(step.relax, now)
        if fired is not None:
            neurons, ends = fired
            after = self._done((*step.relax, *step.reset), ends)
            now = {
                name: Interval(
                    *(np.where(neurons, new, old) for new, old in zip(both, one, strict=True))
                )
                for name, one in now.items()
                for both in (one.joined(after[name]),)
            }
        return now

    def _firing(self, now: Intervals) -> tuple[npt.NDArray[np.bool_], Intervals] | None:
        """Which neurons may fire, and their states where they do: above the threshold where that
        is one state against a number."""
        condition = self.step.threshold
        if condition is None:
            return None
        everyone = np.ones(self.population.neurons, np.bool_)
        if not (isinstance(condition, Apply) and condition.op in ("gt", "ge")):
            return everyone, now
        left, right = condition.args
        if not (isinstance(left, Ref) and left.name in self.start):
            return everyone, now
        low = self._interval(right, now).low + (condition.op == "gt")
        fires = now[left.name].high >= low
        above = Interval(np.maximum(now[left.name].low, low), np.maximum(now[left.name].high, low))
        return fires, now | {left.name: above}

    def _done(self, assigns: Iterable[Assign], now: Intervals) -> Intervals:
        now = dict(now)
        for assign in assigns:
            if assign.target in now:
                self.target = assign.target
                now[assign.target] = self._interval(assign.value, now)
        return now

    def _interval(self, expr: Expr, now: Intervals) -> Interval:
        if isinstance(expr, Const):
            code = np.full(self.population.neurons, int(expr.value))
            return Interval(code, code)
        if isinstance(expr, Ref):
            return now[expr.name] if expr.name in now else self.ports[expr.name]
        if expr.op == "select":
            return self._interval(expr.args[1], now).joined(self._interval(expr.args[2], now))
        if is_shift_decay(expr):  # which moves no code past another
            name = expr.args[0]
            assert isinstance(name, Ref)
            return Interval(*(evaluate(expr, {name.name: end}) for end in now[name.name]))
        made = self._ends(expr, [self._interval(a, now) for a in expr.args])
        return self._fitted(made, expr)

    def _ends(self, expr: Apply, args: list[Interval]) -> Interval:
        """The exact results at the ends of the arguments, between which all others lie."""
        moved = movement(expr.op, expr.args[0].dtype, expr.immediate)
        how = () if moved is None else (moved[0], moved[1].rounding)
        if expr.op in RISING:
            return Interval(*(OPS[expr.op].meaning(*each) for each in zip(*args, strict=True)))
        if expr.op == "quot":
            most = np.maximum(abs(args[0].low), abs(args[0].high))
            return Interval(-most, most)
        both = [end[:1] if end.low is end.high else end for end in args]
        ends = [np.asarray(OPS[expr.op].meaning(*each, *how)) for each in product(*both)]
        low, high = np.minimum.reduce(ends), np.maximum.reduce(ends)
        if expr.op == "abs":
            low = np.where((args[0].low < 0) & (args[0].high > 0), 0, low)
        return Interval(low, high)

    def _fitted(self, made: Interval, expr: Apply) -> Interval:
        moved = movement(expr.op, expr.args[0].dtype, expr.immediate)
        dtype = expr.dtype if moved is None else moved[1]
        assert isinstance(dtype, Fixed), expr
        if dtype.bits == CODES.bits:  # which holds every exact result
            return made
        sizes = np.maximum(made.high - dtype.high, dtype.low - made.low)
        neuron = int(sizes.argmax())
        if sizes[neuron] > 0 and dtype.overflow == "wrap":
            bound = max(int(made.high[neuron]), -int(made.low[neuron]))
            if bound > self.worst.get(self.target, (0, 0, dtype))[1]:
                self.worst[self.target] = neuron, bound, dtype
        return Interval(*(np.clip(end, dtype.low, dtype.high) for end in made))


def _either(one: Intervals, other: Intervals) -> Intervals:
    return {name: one[name].joined(other[name]) for name in one}


def _further(before: Intervals, now: Intervals) -> Intervals:
    """Where intervals that grow ever less may end: a guess, which is then proved or not."""
    made = {}
    for name, (low, high) in now.items():
        grown = [abs(new - old) for new, old in zip(now[name], before[name], strict=True)]
        far = [np.where(each > 0, each * GUESS + GUESS, 0) for each in grown]
        made[name] = Interval(low - far[0], high + far[1])
    return made


GUESS = 1024  # steps that go on growing as the last one did
