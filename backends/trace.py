"""What a simulation did, step by step: the form that every simulator records in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..ir.graph import Graph
from ..ir.running import SPIKES, Probe

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """T steps of B samples. `spikes`: bool [T, B, N] by population. `states`: the values after each
    step [T, B, N], by population and state, or nothing where they were not recorded. `numbers`: of
    the reference, what inputs send in every step in place of spikes, [B, N] by population, and
    what synapses hold, [B, S] by projection, step and name, after the steps that were asked for."""

    spikes: Mapping[str, npt.NDArray[np.bool_]]
    states: Mapping[str, Mapping[str, Array]]
    numbers: Mapping[str, Array] = field(default_factory=dict)
    synapses: Mapping[str, Mapping[int, Mapping[str, Array]]] = field(default_factory=dict)

    def moving(self, graph: Graph) -> Mapping[str, Mapping[str, Array]]:
        """The states but for those that nothing changes, such as thresholds of single neurons."""
        steps = {p.name: p.step for p in graph.populations if p.step is not None}
        names = {n: {s.name for s in step.states} - step.still for n, step in steps.items()}
        return {
            name: {state: array for state, array in held.items() if state in names[name]}
            for name, held in self.states.items()
        }


def seen_of(trace: Trace, probe: Probe) -> Array:
    """What a probe sees of a trace: of spikes int32 [spikes, 3], a row (sample, step, neuron) each,
    sorted, one for each of several in a step; of a state its values [samples, steps recorded,
    neurons]."""
    here = slice(probe.first, probe.end)
    if probe.what == SPIKES:
        spikes = trace.spikes[probe.population][:, :, here].transpose(1, 0, 2)
        rows = np.repeat(np.argwhere(spikes), spikes[spikes > 0].astype(np.int64), axis=0)
        return (rows + [0, 0, probe.first]).astype(np.int32)
    if probe.of_synapses:
        found, steps = trace.synapses[probe.population], steps_seen(probe, _steps_of(trace))
        taken = [found[step][probe.what] for step in steps.tolist()]
        samples = next(iter(trace.spikes.values())).shape[1]
        return np.stack(taken, axis=1) if taken else np.zeros((samples, 0, probe.neurons))
    values = trace.states[probe.population][probe.what]
    return np.ascontiguousarray(values[probe.every - 1 :: probe.every, :, here].transpose(1, 0, 2))


def _steps_of(trace: Trace) -> int:
    return len(next(iter(trace.spikes.values())))


def steps_seen(probe: Probe, steps: int) -> npt.NDArray[np.int64]:
    """The steps after which a probe of a state looks."""
    if probe.every == 0:
        return np.arange(steps - 1, steps)
    return np.arange(probe.every - 1, steps, probe.every)
