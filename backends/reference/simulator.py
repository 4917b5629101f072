"""The oracle as a simulator: NumPy in float64 or float32, samples a few at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph, Population
from ...ir.levels import levels_of
from ...ir.model import Model, value_name
from ...ir.neuron import LAST_EMITTED
from ...ir.noise import noise_of, noises, noisy
from ...ir.passes.pipeline import run_model_passes
from ...ir.philox import encode
from ...ir.rules import ENCODINGS, GIVEN, SENT, sends_numbers
from ...ir.running import SPIKES, Probe
from ...ir.sources import counts_of
from ...ir.verify.durations import steps_of
from ..compiled.network import check_samples, meant
from ..compiled.plan import output_of
from ..compiled.sources import silenced
from ..protocols import Outcome, Samples, classes_of
from ..trace import Trace, seen_of, steps_seen
from .network import Real, Simulation, simulate

Array = npt.NDArray[Any]
AT_ONCE = 64  # samples


class ReferenceSimulator:
    """A network with its weights; see `protocols.Simulator`. All arithmetic is in `real`."""

    def __init__(self, model: Model, real: Real) -> None:
        self.model = run_model_passes(model)
        self.graph: Graph = self.model.graph
        self.real = real
        self.steps = steps_of(self.graph)

    def run(self, samples: Samples) -> Outcome:
        """Present the samples without learning."""
        check_samples(self.graph, samples)
        count, lost = len(samples.ids), [np.zeros(0, bool)]
        scores = [np.zeros((0, 0))]
        parts = [np.zeros((0, sum(p.neurons for p in self.graph.populations)), np.int64)]
        for first in range(0, count, AT_ONCE):
            made = self._simulated(samples.part(first, first + AT_ONCE), False)
            sums = [s.sum(axis=0, dtype=np.int64) for s in made.spikes.values()]
            parts.append(np.concatenate(sums, axis=1))
            lost.append(_lost(made))
            scores.append(self._scores(made))
        fired = np.concatenate(parts)  # [B, N], populations in graph order
        counts = fired[:, self._output()].astype(np.int32)
        found = np.concatenate(scores[1:] or scores)
        classes, cost = classes_of(counts, found), np.zeros(count)
        lost_ones, meaning = np.concatenate(lost), meant(self.model, found)
        activity = silenced(fired.sum(axis=0), self.graph.populations)
        return Outcome(counts, classes, cost, activity, lost_ones, meaning)

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of one sample, bool [steps, neurons], populations in graph order."""
        spikes = self.trace(samples.only(sample), False).spikes
        return np.concatenate([s[:, 0] for s in spikes.values()], axis=1)

    def trace(self, samples: Samples, has_states: bool) -> Trace:
        """What the network does with the samples."""
        return self._trace(samples, has_states, ())

    def _trace(self, samples: Samples, has_states: bool, probes: Sequence[Probe]) -> Trace:
        looks: dict[str, set[int]] = {}
        for probe in (p for p in probes if p.of_synapses):
            looks.setdefault(probe.population, set()).update(steps_seen(probe, self.steps).tolist())
        made = self._simulated(samples, has_states, looks)
        numbers = {
            p.name: made.emitted[p.name][0] for p in self.graph.populations if sends_numbers(p)
        }
        return Trace(made.spikes, made.history, numbers, made.synapses)

    def record(self, samples: Samples, probes: Sequence[Probe]) -> tuple[Array, ...]:
        """What the probes see."""
        has_states = any(not probe.of_synapses and probe.what != SPIKES for probe in probes)
        trace = self._trace(samples, has_states, probes)
        return tuple(seen_of(trace, probe) for probe in probes)

    def states_at(self, samples: Samples, steps: int) -> dict[str, dict[str, Array]]:
        """The states of a single sample after so many steps, by population and state."""
        inputs = input_spikes(self.graph, samples, self.steps, self.model.seed)
        begun = {name: array[:steps] for name, array in inputs.items()}
        states = simulate(self.model, begun, self.real, shape=(steps, 1)).states
        return {name: {s: a[0] for s, a in of_one.items()} for name, of_one in states.items()}

    def _simulated(
        self,
        samples: Samples,
        has_states: bool,
        looks: Mapping[str, Collection[int]] | None = None,
    ) -> Simulation:
        check_samples(self.graph, samples)
        inputs = input_spikes(self.graph, samples, self.steps, self.model.seed)
        shape = self.steps, len(samples.ids)
        return simulate(self.model, inputs, self.real, has_states, shape=shape, looks=looks)

    def _output(self) -> slice:
        bounds = np.cumsum([0, *(p.neurons for p in self.graph.populations)])
        k = output_of(self.graph)
        return slice(bounds[k], bounds[k + 1])

    def _scores(self, made: Simulation) -> Array:
        output = self.graph.populations[output_of(self.graph)]
        states = made.states[output.name] if output.step is not None else {}
        none = np.zeros((next(iter(made.spikes.values())).shape[1], 0))
        found = np.asarray(states.get(LAST_EMITTED, none))
        return found if found.dtype == np.int64 else found.astype(np.float32)


def _lost(made: Simulation) -> Array:
    """Whether a state of each sample is no finite number at its end, bool [B]."""
    states = [values for of_one in made.states.values() for values in of_one.values()]
    found = np.zeros(next(iter(made.spikes.values())).shape[1], np.bool_)
    for values in states:
        found |= ~np.isfinite(values).all(axis=1)
    return found


def double(model: Model, _threads: int | None, _folder: Path) -> ReferenceSimulator:
    """The reference in float64."""
    return ReferenceSimulator(model, np.float64)


def single(model: Model, _threads: int | None, _folder: Path) -> ReferenceSimulator:
    """The reference in float32, as the compiled engines compute."""
    return ReferenceSimulator(model, np.float32)


def input_spikes(graph: Graph, samples: Samples, steps: int, seed: int) -> dict[str, Array]:
    """What the encodings make of the samples: [T, B, N] by input population, bool of spikes, u8 of
    those of which a step may have several, float32 of numbers that are sent; u8 of what sources
    fire, how often; by "<population>/<port>"
    the noise of its equations."""
    made: dict[str, Array] = {}
    lo = 0
    for population in graph.populations:
        if population.encoding is not None:
            # Inputs are counted through all populations, and a sample's id keys its stream.
            own = slice(lo, lo + population.neurons)
            made[population.name] = _encoded(population, graph.dt, samples, steps, seed, own)
            lo = own.stop
        if population.source is not None:
            trains = [counts_of(population, graph, seed, int(k), steps) for k in samples.ids]
            none = np.zeros((steps, 0, population.neurons), np.uint8)
            made[population.name] = np.stack(trains, axis=1) if trains else none
    for population in noisy(graph):
        for _, port in noises(population):
            drawn = [noise_of(population, port, graph, seed, int(k), steps) for k in samples.ids]
            without = np.zeros((steps, 0, population.neurons), np.float32)
            name = value_name(population.name, port)
            made[name] = np.stack(drawn, axis=1) if drawn else without
    return made


def _encoded(
    population: Population, dt: float, samples: Samples, steps: int, seed: int, own: slice
) -> Array:
    """What the encoding of an input makes of its `own` columns."""
    call = population.encoding
    assert call is not None
    row, values = ENCODINGS[call.kind], samples.values[samples.rows]
    if row.kernel == GIVEN:
        kind = np.uint8 if row.most(call) > 1 else np.bool_
        return values[:, :, own].astype(kind).transpose(1, 0, 2)
    zero, rate = levels_of(population, dt)
    numbers = values.astype(np.float64)
    numbers[:, own] = (numbers[:, own] - zero) * rate
    if row.most(call):
        numbers = np.clip(np.rint(numbers), -row.most(call), row.most(call))
    if row.kernel == SENT:
        return np.tile(numbers[:, own].astype(np.float32), (steps, 1, 1))
    trains = [
        encode(one, steps, int(k), seed, row.first)[:, own]
        for one, k in zip(numbers, samples.ids, strict=True)
    ]
    none = np.zeros((steps, 0, own.stop - own.start), bool)
    return np.stack(trains, axis=1) if trains else none
