"""The units of integers that a training learns, beside weights: on the host, once an update.

S. Esser et al., "Learned step size quantization", ICLR 2020: the gradient of a unit is that of
eq. 3, and it learns by 1/sqrt(N Q) of that, of N weights that share it with the largest code Q
(sec. 2.2), so that units and weights change alike in relation to their size. A factor of the
gradient is one of the steps of gradient descent; those of Adam do not grow with the gradient, so
that they have it themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.integers.scales import Scales
from ...ir.integers.weights import units_of_weights
from ...ir.model import Model, value_name
from ..compiled.plan import Plan
from ..compiled.text.step import state_places
from ..optimizers.cpu.chain import CpuChain
from ..protocols import State

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


class Units:
    """The base units that are learnt, of a group of neurons each: `x` f64[U], the optimizer's
    moments f32[U], and of every weight its `owner` i64[W] among them, U where it has none, and
    its unit over that of the owner, `ratio` f64[W]; `share` f64[U] is the paper's factor."""

    def __init__(self, integers: Model, scales: Scales, grid: tuple[Floats, Floats]) -> None:
        self.scales, self.first_of, count = scales, dict[str, int](), 0
        for name, scale in scales.items():
            self.first_of[name] = count
            count += int(scale.groups.max()) + 1
        self.x = np.zeros(count)
        self.low, self.high = np.zeros(count), np.zeros(count)
        for name, scale in scales.items():
            own = self._own(name)
            for kept, values in (
                (self.x, scale.units.base), (self.low, scale.low), (self.high, scale.high),
            ):  # fmt: skip
                kept[own][scale.groups] = values
        self.first, self.second = np.zeros(count, np.float32), np.zeros(count, np.float32)
        units, limits = grid
        self.owner = _owners(integers, scales, self.first_of, count)
        self.ratio = units / np.append(self.x, 1.0)[self.owner]
        levels = np.bincount(self.owner, limits, count + 1)[:count]
        self.share = 1.0 / np.sqrt(np.maximum(levels, 1.0))

    def __len__(self) -> int:
        return len(self.x)

    def _own(self, name: str) -> slice:
        first = self.first_of[name]
        return slice(first, first + int(self.scales[name].groups.max()) + 1)

    def bases(self) -> dict[str, Floats]:
        """The base unit of each neuron, by population."""
        return {name: self.x[self._own(name)][s.groups] for name, s in self.scales.items()}

    def gradient(self, found: Floats) -> npt.NDArray[np.float32]:
        """What the base units learn by, of their gradient f64[U + 1]."""
        return (found[: len(self)] * self.share).astype(np.float32)

    def update(
        self, chain: CpuChain, pace: tuple[Any, Any, Any], gradient: Array, scale: float
    ) -> None:
        """An update by scale * gradient; `pace`: the optimizer's (size, eps, rate). `chain` is of
        the optimizer alone."""
        moved = np.zeros(len(self), np.float32)
        moments, whole = (self.first, self.second), (gradient / self.share).astype(np.float32)
        chain.alone(chain.numbers, *pace, moved, *moments, whole, np.float32(scale))
        self.x = np.clip(self.x + moved * self.share, self.low, self.high)

    def state(self) -> State:
        """x and the moments, by population."""
        arrays: dict[str, Array] = {
            "units": self.x, "optimizer/first/units": self.first,
            "optimizer/second/units": self.second,
        }  # fmt: skip
        return {
            f"{kind}/{name}": array[self._own(name)].copy()
            for kind, array in arrays.items()
            for name in self.scales
        }

    def restore(self, state: State) -> None:
        """Take over what `state` gave."""
        for name in self.scales:
            own = self._own(name)
            self.x[own] = state[f"units/{name}"]
            self.first[own] = state[f"optimizer/first/units/{name}"]
            self.second[own] = state[f"optimizer/second/units/{name}"]


def begin_with(integers: Model, scales: Scales, plan: Plan) -> None:
    """Let neurons start with the numbers of integers that move."""
    codes = plan.real_init.view(np.int32)
    for k, population in enumerate(integers.graph.populations):
        if population.name not in scales or population.step is None:
            continue
        rows = {name: row for name, (_, row) in state_places(population.step).items()}
        neurons = slice(int(plan.neurons[k]), int(plan.neurons[k + 1]))
        for moved in scales[population.name].units.moved:
            name = value_name(population.name, moved.name)
            codes[rows[moved.name], neurons] = integers.values[name].array


def _owners(
    integers: Model, scales: Scales, first_of: Mapping[str, int], none: int
) -> npt.NDArray[np.int64]:
    found = [np.zeros(0, np.int64)]
    for projection in integers.graph.projections:
        name, wiring = projection.post, integers.wirings[projection.name]
        shape = integers.weights(projection.name).shape
        own: Any = np.full(wiring.post_neurons, none, np.float64)
        if name in scales and projection.trainable:
            own = (first_of[name] + scales[name].groups).astype(np.float64)
        found.append(np.broadcast_to(units_of_weights(wiring, own), shape).ravel().astype(np.int64))
    return np.concatenate(found)
