"""What a run did, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.storage import write_file
from ..backends.trace import steps_seen
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.model import Model
from ..ir.running import SPIKES, Probe
from .record import KINDS, files_of

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was recorded of `samples` runs of `steps` steps of `dt` ms.

    `spikes` by population: int32 [spikes, 3], a row (sample, step, neuron) each, sorted. `states`
    by population and state: [sample, step, neuron], in the unit of the state. Where not all was
    recorded, `steps_of(population, state)` and `neurons_of(population, state)` say which steps and
    neurons the values are of. `synapses` by projection and name of what they hold: [sample, time,
    synapse], after the steps `steps_of(projection, name)`, of the synapses `ends_of(projection)`.
    """

    dt: float
    samples: int
    steps: int
    spikes: Mapping[str, npt.NDArray[np.int32]]
    states: Mapping[str, Mapping[str, Array]]
    synapses: Mapping[str, Mapping[str, Array]]
    _model: Model = field(repr=False)
    _probes: Sequence[Probe] = field(repr=False)
    _seen: Sequence[Array] = field(repr=False)

    def times(self, population: str, sample: int = 0) -> tuple[Array, Array]:
        """When [ms, the start of its step] and which neuron: the spikes of a population in a
        sample, in order. KeyError where they were not recorded."""
        rows = self.spikes[population]
        own = rows[rows[:, 0] == sample]
        return own[:, 1] * self.dt, own[:, 2]

    def counts(self, population: str) -> npt.NDArray[np.int64]:
        """How often each neuron fired, [samples, neurons]; 0 of one that was not recorded."""
        rows = self.spikes[population]
        neurons = self._model.graph.population(population).neurons
        found = np.zeros((self.samples, neurons), np.int64)
        np.add.at(found, (rows[:, 0], rows[:, 2]), 1)
        return found

    def rate(self, population: str) -> float:
        """The mean rate [Hz] of the neurons of a population that were recorded."""
        probe = self._probe(SPIKES, population)
        seconds = self.samples * self.steps * self.dt / 1000
        return len(self.spikes[population]) / (probe.neurons * seconds)

    def steps_of(self, population: str, state: str) -> npt.NDArray[np.int64]:
        """The steps after which the values of a state were taken."""
        return steps_seen(self._probe(state, population), self.steps)

    def neurons_of(self, population: str, what: str = SPIKES) -> npt.NDArray[np.int64]:
        """The neurons of which the spikes, or a state, were recorded."""
        probe = self._probe(what, population)
        return np.arange(probe.first, probe.end)

    def ends_of(self, projection: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The pre and the post neuron of every synapse of a projection."""
        return self._model.wirings[projection].pairs()

    def save(self, path: str | Path) -> None:
        """Write it as `snncc run --record` does, .npz or .csv. CompileError(E063) where that cannot
        be, or for another kind of file."""
        if Path(path).suffix not in KINDS:
            message = f"`{path}` ends in neither {' nor '.join(KINDS)}"
            way_out = "`.npz` has arrays, `.csv` lines of text"
            raise CompileError(Diagnostic("E063", message, help=way_out))
        about = self._model, self._probes, self._seen, self.samples, self.steps
        for written, content in files_of(Path(path), *about).items():
            write_file(written, content)

    def _probe(self, what: str, population: str) -> Probe:
        for probe in self._probes:
            if (probe.what, probe.population) == (what, population):
                return probe
        raise KeyError(f"{what} of {population} were not recorded")


def recording_of(
    model: Model, probes: Sequence[Probe], seen: Sequence[Array], samples: int, steps: int
) -> Recording:
    """What the probes saw of so many samples and steps."""
    spikes, states = {}, dict[str, dict[str, Array]]()
    synapses: dict[str, dict[str, Array]] = {}
    for probe, array in zip(probes, seen, strict=True):
        if probe.what == SPIKES:
            spikes[probe.population] = array
        elif probe.of_synapses:
            synapses.setdefault(probe.population, {})[probe.what] = array
        else:
            states.setdefault(probe.population, {})[probe.what] = array
    about = model.graph.dt, samples, steps
    return Recording(*about, spikes, states, synapses, model, probes, seen)
