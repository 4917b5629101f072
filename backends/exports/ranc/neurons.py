"""What the neurons of a population are on a core of RANC, found by what they do and proved by it.

A step there: V += the weights that arrive; V += leak; where V >= threshold it fires, and V is the
reset value (mode 0) or V - threshold (mode 1); else where V < floor, V is minus the reset value
(mode 0) or V - floor (mode 1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Apply, Ref, names
from ....ir.graph import Population
from ....ir.model import Model
from ....ir.neuron import NeuronStep
from ...reference.neurons import Neurons

Array = npt.NDArray[Any]
WIDTH = 9  # bits of a potential, a weight, a leak and both thresholds
LOW, HIGH = -(1 << (WIDTH - 1)), (1 << (WIDTH - 1)) - 1
REACH = 1 << 12  # sums that are looked at, on both sides of 0
BLOCK = 64  # neurons that are looked at together: half a megabyte each


class Cells(NamedTuple):
    """Neurons as RANC has them, int64 [neurons] each; `mode` 0 resets to a value, 1 subtracts."""

    start: Array
    leak: Array
    threshold: Array
    floor: Array
    reset: Array
    mode: Array


def cells_of(model: Model, population: Population, least: Array, most: Array) -> Cells:
    """The cells that do what the neurons of a population do, whatever arrives between `least` and
    `most`, [neurons] each. CompileError(E071) where no cell does it, CompileError(E085) where a
    potential might need more than WIDTH bits."""
    state = _state(population)
    parts: list[tuple[int, ...]] = []
    for first in range(0, population.neurons, BLOCK):
        which = np.arange(first, min(first + BLOCK, population.neurons))
        found = _Found(model, population, state, which)
        parts += [found.cell(k, int(least[n]), int(most[n])) for k, n in enumerate(which)]
    return Cells(*np.array(parts, np.int64).reshape(-1, 6).T)


def _state(population: Population) -> str:
    """The one state that moves; CompileError(E071) unless what arrives is added to it first."""
    step = population.step
    assert step is not None
    moving = [s.name for s in step.states if s.name not in step.still]
    if len(moving) != 1 or step.refractory is not None or step.emit is not None:
        raise _no_cell(population, "has more than a potential")
    if step.decay or not _adds(step, moving[0]):
        raise _no_cell(population, "does something else before what arrives is added")
    return moving[0]


def _adds(step: NeuronStep, state: str) -> bool:
    """Whether all that is done with what arrives is to add it to a state."""
    rest = [e for e in step.expressions if e not in [a.value for a in step.deliver]]
    if any(names(e) & set(step.ports) for e in rest):
        return False
    reads = set[str]()
    for assign in step.deliver:
        value = assign.value
        if assign.target != state or not isinstance(value, Apply) or value.op != "add":
            return False
        if not all(isinstance(a, Ref) for a in value.args) or state not in names(value):
            return False
        reads |= names(value)
    return reads == {state, *step.ports}


def _no_cell(population: Population, why: str) -> CompileError:
    message = f"a neuron of `{population.name}` {why}, and one of RANC adds, leaks, fires, resets"
    way_out = (
        "quantize with `--target ranc`, and take a neuron such as `if`, or with a constant leak"
    )
    return CompileError(Diagnostic("E071", message, population.span, help=way_out))


class _Cell(NamedTuple):
    """A neuron of RANC."""

    leak: int
    threshold: int
    floor: int
    reset: int
    mode: int

    def step(self, sums: Array) -> tuple[Array, Array]:
        """Whether it fires where V and what arrives come to `sums`, and V after that."""
        v = sums + self.leak
        fires, falls = v >= self.threshold, v < self.floor
        fired, fallen = (
            (v - self.threshold, v - self.floor) if self.mode else (self.reset, -self.reset)
        )
        return fires, np.where(fires, fired, np.where(falls, fallen, v))

    def reach(self, start: int, least: int, most: int) -> tuple[int, int]:
        """Bounds of V before it is compared, where from `least` to `most` arrives in a step."""
        rises, falls = most + self.leak > 0, least + self.leak < 0
        low = min([start, *([self.floor] if falls else [])])
        high = max([start, *([self.threshold - 1] if rises else [])])
        for _ in range(2 * HIGH):
            top, bottom = high + most + self.leak, low + least + self.leak
            after = self._bounds(top, bottom)
            wider = min([low, *after]), max([high, *after])
            if wider == (low, high) or top > HIGH or bottom < LOW:
                break
            low, high = wider
        return bottom, top

    def _bounds(self, top: int, bottom: int) -> list[int]:
        """What V may become by the two resets."""
        found = []
        if top >= self.threshold:
            found += [0, top - self.threshold] if self.mode else [self.reset]
        if bottom < self.floor:
            found += [bottom - self.floor, -1] if self.mode else [-self.reset]
        return found


class _Found:
    """What some neurons of a population, numbered `which`, make of a sum: whether each fires, and
    its state after."""

    def __init__(self, model: Model, population: Population, state: str, which: Array) -> None:
        self.population, self.which = population, which
        self.sums = np.arange(-REACH, REACH)
        neurons = Neurons(model, population, len(self.sums), np.float64, which)
        self.start = neurons.states[state][0].astype(np.int64)
        size = len(self.sums), len(which)
        neurons.states[state] = np.broadcast_to(self.sums[:, None], size).astype(np.int64)
        none = {p: np.zeros(size, kind) for p, kind in neurons.ports.items()}
        self.fires = np.asarray(neurons.advance(none).fired, bool)
        self.after = neurons.states[state].astype(np.int64)

    def cell(self, neuron: int, least: int, most: int) -> tuple[int, ...]:
        """Start, leak, threshold, floor, reset and mode of the neuron `which[neuron]`."""
        start, cell = int(self.start[neuron]), self._read(neuron)
        low, high = cell.reach(start, least, most)
        never = not self.fires[:, neuron].any()
        if low < LOW or high > HIGH - never:
            raise self._too_wide(neuron, low if low < LOW else high)
        if min(cell) < LOW or max(cell) > HIGH:
            raise self._too_large(neuron, max(cell, key=abs))
        here = slice(low - cell.leak + REACH, high - cell.leak + REACH + 1)
        fires, after = cell.step(self.sums[here])
        is_same = (fires == self.fires[here, neuron]) & (after == self.after[here, neuron])
        if not is_same.all():
            at = int(self.sums[here][~is_same][0])
            raise _no_cell(self.population, f"does something else where it comes to {at}")
        return (start, *cell)

    def _read(self, neuron: int) -> _Cell:
        """The cell that it looks like: by where it fires first, by what it is just before that, and
        by where it is no more what arrived."""
        fires, after = self.fires[:, neuron], self.after[:, neuron]
        first = int(fires.argmax()) if fires.any() else REACH + HIGH - 1
        leak = int(after[first - 1] - self.sums[first - 1])
        threshold = int(self.sums[first]) + leak if fires.any() else HIGH
        inside = (self.sums + leak >= LOW) & (np.arange(len(self.sums)) < first)
        fallen = np.flatnonzero(inside & (after != self.sums + leak))
        last = int(fallen[-1]) if len(fallen) else 0
        floor = int(self.sums[last]) + 1 + leak if len(fallen) else LOW
        one, two = (first, first + 1) if fires.any() else (last, max(0, last - 1))
        mode = int(after[one] != after[two])
        reset = 0 if mode else int(after[one]) if fires.any() else -int(after[one])
        return _Cell(leak, threshold, floor, reset if fires.any() or len(fallen) else 0, mode)

    def _said(self, neuron: int) -> str:
        return f"{self.population.name}[{self.which[neuron]}]"

    def _too_large(self, neuron: int, value: int) -> CompileError:
        message = (
            f"`{self._said(neuron)}` has a threshold, a leak or a reset of {value}, "
            f"and those of RANC have {WIDTH} bits, {LOW} to {HIGH}"
        )
        way_out = "take fewer bits a weight, so that the unit of potentials is larger"
        return CompileError(Diagnostic("E085", message, self.population.span, help=way_out))

    def _too_wide(self, neuron: int, bound: int) -> CompileError:
        fewer = max(1, int(np.ceil(np.log2(abs(bound) / HIGH))))
        message = (
            f"`{self._said(neuron)}` might come to {bound}, and a potential of RANC "
            f"has {WIDTH} bits, {LOW} to {HIGH}, beyond which it wraps"
        )
        bits = "1 bit" if fewer == 1 else f"{fewer} bits"
        floor = ", and a floor: `--floor 0 --below reset`" if bound < 0 else ""
        way_out = f"take {bits} a weight less, or fewer synapses{floor}"
        return CompileError(Diagnostic("E085", message, self.population.span, help=way_out))
