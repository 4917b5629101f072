"""A trace of a compiled network whose kernels keep no more than the states of its last step.

To know them after every step, a sample is presented again and again, each time a step longer: slow,
in proportion to the square of the steps, and at no cost to a simulation that is not recorded. The
processor's kernels can write down what a probe sees as they go, see `cpu/recording.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.types import Fixed
from ..protocols import Samples
from ..trace import Trace
from .plan import Plan
from .text.step import state_places

Array = npt.NDArray[Any]


class Stepped(Protocol):
    """A compiled simulator whose presentation may be cut short."""

    graph: Graph
    plan: Plan

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of one sample, bool [T, N]."""

    def states_after(self, samples: Samples, steps: int) -> dict[str, Array]:
        """The states of a single sample after the first `steps`: `reals` f32[F, N] and `integers`
        i32[I, N]."""


def traced(simulator: Stepped, samples: Samples, has_states: bool) -> Trace:
    """The trace of the samples, in their order; without states, unless `has_states`."""
    count, steps = len(samples.ids), simulator.plan.steps
    rasters = [simulator.raster(samples, k) for k in range(count)]
    empty = np.zeros((steps, 0, int(simulator.plan.neurons[-1])), np.bool_)
    spikes = _by_population(simulator, np.stack(rasters, axis=1) if rasters else empty)
    if not has_states:
        return Trace(spikes, {})
    found = [
        [simulator.states_after(samples.only(k), t + 1) for k in range(count)] for t in range(steps)
    ]
    rows = {
        kind: np.array([[sample[kind] for sample in step] for step in found])  # [T, B, rows, N]
        for kind in ("reals", "integers")
    }
    return Trace(spikes, _by_state(simulator, rows))


def states_at(simulator: Stepped, samples: Samples, steps: int) -> dict[str, dict[str, Array]]:
    """The states [neurons], by population and state, of a single sample after so many steps."""
    return _by_state(simulator, simulator.states_after(samples, steps))


def _by_state(simulator: Stepped, rows: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """States [..., neurons] by population and state, from rows of them all [..., row, N]; codes,
    whose bits lie among `reals`, as i32."""
    parts = {kind: _by_population(simulator, array) for kind, array in rows.items()}
    found: dict[str, dict[str, Array]] = {}
    for population in (p for p in simulator.graph.populations if p.step is not None):
        assert population.step is not None
        types = {s.name: s.dtype for s in population.step.states}
        own = found[population.name] = {}
        for state, (kind, row) in state_places(population.step).items():
            numbers = parts[kind][population.name][..., row, :]
            is_code = isinstance(types[state], Fixed)
            own[state] = np.ascontiguousarray(numbers).view(np.int32) if is_code else numbers
    return found


def _by_population(simulator: Stepped, array: Array) -> dict[str, Array]:
    bounds = simulator.plan.neurons
    names = [p.name for p in simulator.graph.populations]
    return {n: array[..., bounds[k] : bounds[k + 1]] for k, n in enumerate(names)}
