"""The parameters of neurons that a trainer learns, beside weights: on the host, once an update.

Of each population dL/d(what the step's numbers start at) comes from the kernels; what the numbers
are of the parameters (`ir.passes.derived`) and the parameters of what a training moves
(`ir.bounded`) gives dL/dx by the chain rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.bounded import bounded, free, slope
from ...ir.graph import Graph, Learnt, Population
from ...ir.model import Model, learnt_shape, value_name
from ...ir.passes.derived import Derived, as_kept, derived
from ...ir.tensors import numbers
from ..compiled.plan import Plan
from ..compiled.text.step import state_places
from ..optimizers.cpu.chain import CpuChain
from ..protocols import State

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Part:
    """A learnt parameter: its place among all x, and its shape."""

    learnt: Learnt
    name: str
    place: slice
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """What a population learns: its neurons' place in the network, where each number starts among
    `Plan.real_init`, and its parameters."""

    name: str
    derived: Derived
    neurons: slice
    rows: dict[str, int]
    parts: tuple[_Part, ...]


class Values:
    """All of a model's learnt parameters. `x` f64[V]: what is moved in their place; `first` and
    `second` f32[V]: the optimizer's moments."""

    def __init__(self, model: Model, settled: Graph, plan: Plan) -> None:
        self.groups: list[_Group] = []
        count, index = 0, settled.index()
        for k, population in enumerate(model.graph.populations):
            if population.learnt:
                parts, count = _parts(population, count)
                step = index[population.name].step
                assert step is not None
                rows = {name: row for name, (_, row) in state_places(step).items()}
                neurons = slice(int(plan.neurons[k]), int(plan.neurons[k + 1]))
                made = derived(population, model.graph.dt)
                self.groups.append(_Group(population.name, made, neurons, rows, parts))
        self.x = np.zeros(count)
        self.first, self.second = np.zeros(count, np.float32), np.zeros(count, np.float32)
        for part in self.parts:
            start = numbers(model.values[part.name]).astype(np.float64)
            self.x[part.place] = free(part.learnt, start).ravel()

    def __len__(self) -> int:
        return len(self.x)

    @property
    def parts(self) -> list[_Part]:
        """All learnt parameters, in the order of their places."""
        return [part for group in self.groups for part in group.parts]

    def now(self) -> State:
        """Their values, float32, by their names in `Model.values`."""
        return {part.name: self._value(part).astype(np.float32) for part in self.parts}

    def show(self, real_init: Array) -> None:
        """Let the neurons of f32[F, N] start with what follows from them."""
        for group in self.groups:
            for name, number in group.derived.values(self._values(group)).items():
                real_init[group.rows[name], group.neurons] = number

    def numbers(self) -> dict[str, dict[str, Floats]]:
        """What follows from them, by population and name, as float32 has it."""
        return {g.name: as_kept(g.derived.values(self._values(g))) for g in self.groups}

    def gradient(self, starts: Array) -> npt.NDArray[np.float32]:
        """dL/dx by dL/d(start of every real state), f32[groups, F, N], whose groups are summed in
        their order; these are 0 afterwards."""
        total = starts.sum(axis=0, dtype=np.float64)
        starts[:] = 0.0
        found = np.zeros(len(self), np.float32)
        for group in self.groups:
            rows = {name: total[group.rows[name], group.neurons] for name in group.derived.numbers}
            values = self._values(group)
            asked = group.derived.gradients(values, rows)
            for part in group.parts:
                own = asked[part.learnt.name] * slope(part.learnt, values[part.learnt.name])
                found[part.place] = own.sum() if part.learnt.is_shared else own
        return found

    def update(
        self, chain: CpuChain, pace: tuple[Any, Any, Any], gradient: Array, scale: float
    ) -> None:
        """An update by scale * gradient; `pace`: the optimizer's (size, eps, rate), of which every
        parameter has its own share. `chain` is of the optimizer alone."""
        size, eps, rate = pace
        for part in self.parts:
            place, mult = part.place, np.float32(part.learnt.lr_mult)
            moved = np.zeros(place.stop - place.start, np.float32)
            own = size * mult, eps, rate * mult
            moments = self.first[place], self.second[place]
            chain.alone(chain.numbers, *own, moved, *moments, gradient[place], np.float32(scale))
            self.x[place] += moved

    def state(self) -> State:
        """x and the moments, by the names of values."""
        arrays: dict[str, Array] = {
            "values": self.x, "optimizer/first": self.first, "optimizer/second": self.second,
        }  # fmt: skip
        return {
            f"{kind}/{part.name}": array[part.place].reshape(part.shape).copy()
            for kind, array in arrays.items()
            for part in self.parts
        }

    def restore(self, state: State) -> None:
        """Take over what `state` gave."""
        for part in self.parts:
            self.x[part.place] = state[f"values/{part.name}"].ravel()
            self.first[part.place] = state[f"optimizer/first/{part.name}"].ravel()
            self.second[part.place] = state[f"optimizer/second/{part.name}"].ravel()

    def _value(self, part: _Part) -> Floats:
        return bounded(part.learnt, self.x[part.place]).reshape(part.shape)

    def _values(self, group: _Group) -> dict[str, Floats]:
        return {part.learnt.name: self._value(part) for part in group.parts}


def _parts(population: Population, first: int) -> tuple[tuple[_Part, ...], int]:
    """The learnt parameters of a population, from place `first` on, and the place after them."""
    found = []
    for learnt in population.learnt:
        shape = learnt_shape(population, learnt)
        place = slice(first, first + int(np.prod(shape)))
        found.append(_Part(learnt, value_name(population.name, learnt.name), place, shape))
        first = place.stop
    return tuple(found), first
