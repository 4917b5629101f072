"""`--target cpu`: a graph compiled by Numba, simulated and trained event by event."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import SUMS
from ...ir.model import Model
from ...ir.running import SPIKES, Probe
from ...ir.sources import fired
from ...ir.trains import has_counts
from ..compiled.network import check_samples, flatten, meant, ready, takes_spikes
from ..compiled.plan import Plan, distinct_steps, make_plan
from ..compiled.recording import states_at, traced
from ..compiled.sources import with_sources
from ..compiled.stateful import distinct_synapses, make_states
from ..compiled.store import Results
from ..protocols import Outcome, Samples, classes_of
from ..trace import Trace
from .load import Kernels, features_of, load_kernels
from .recording import every_state, layout_of, spikes_seen, states_seen, synapses_seen, trace_of
from .records import Record
from .scratch import Work, aligned, make_work

Array = npt.NDArray[Any]


class Data(NamedTuple):
    """Samples as the kernels take them; what an encoding does not use has one empty row."""

    values: Array  # f32[R or 1, inputs]
    rasters: Array  # u8[R or 1, T, inputs]
    rows: Array  # i64[S] place of a sample among the R
    ids: Array  # u64[S]
    labels: Array  # i32[S]
    importance: Array  # f32[S]
    epoch: int


class Weights(NamedTuple):
    """What presenting reads."""

    values: Array  # f32[W] projections in graph order, each as its wiring shapes them


class CpuSimulator:
    """A compiled network with weights in it; see `target.Simulator`.

    The model's seed keys the frozen encodings, `folder` keeps compiled kernels. Populations' events
    of all workers are held at once: about 4 T N bytes a thread.
    """

    def __init__(self, model: Model, threads: int | None, folder: Path) -> None:
        self.drawn, self.model = model, ready(model, is_late=True)
        self.graph = self.model.graph
        self.has_codes = self.graph.semantics.integers > 0
        self.seed = np.uint64(model.seed)
        self.threads = threads or os.cpu_count() or 1
        self.plan: Plan = make_plan(self.model, tuple(SUMS), True, has_states=True)
        self.states = make_states(self.model, self.plan)
        self.tables = Record(self.plan)
        self.steps = self.plan.steps
        self.folder = folder
        self.flat = aligned(flatten(self.model))
        self.presented = Record(Weights(self.flat))
        self._work: Record[Work] | None = None

    def run(self, samples: Samples) -> Outcome:
        """Present the samples without learning. The same bits for any number of threads."""
        data = Record(self.data(samples))
        count = len(samples.ids)
        work = self._scratch()
        results = Record(self._results(count, len(work.ptr)))
        self._on_threads(
            lambda w: self.kernels.module.run(
                self.kernels.address, self.tables, self.presented, data, self.seed, w,
                len(work.ptr), work, w, results,
            ),
            len(work.ptr),
        )  # fmt: skip
        scores = results.scores.view(np.int32) if self.has_codes else results.scores
        return Outcome(
            results.counts, classes_of(results.counts, scores), results.cost,
            results.activity.sum(axis=0), results.lost > 0, meant(self.model, scores),
        )  # fmt: skip

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of one sample, bool [steps, neurons], populations in graph order."""
        only = samples.only(sample)
        raster = raster_of(self.plan, self._presented(only, self.plan))
        return with_sources(raster, self.graph, self.model.seed, int(only.ids[0]))

    def trace(self, samples: Samples, has_states: bool) -> Trace:
        """What the network does with the samples."""
        if not has_states:
            return traced(self, samples, has_states)
        probes = every_state(self.graph)
        shape = len(samples.ids), self.steps
        once = self.graph.semantics.spikes_per_step == 1 and not has_counts(self.graph)
        return trace_of(probes, self.record(samples, probes), shape, once)

    def record(self, samples: Samples, probes: Sequence[Probe]) -> tuple[Array, ...]:
        """What the probes see, as `trace.seen_of` has it; one sample after the other."""
        layout = layout_of(self.graph, self.plan, probes, self.drawn)
        scratch = make_work(
            self.plan, 1, probes=layout.table, seen=layout.numbers, states=self.states,
            glances=layout.glances,
        )  # fmt: skip
        work, index = Record(scratch), [p.name for p in self.graph.populations]
        kernels = self._recording if layout.numbers else self.kernels
        found: list[list[Array]] = [[] for _ in probes]
        for s in range(len(samples.ids)):
            self._play(kernels, samples.only(s), self.plan, work)
            for k, probe in enumerate(probes):
                if probe.what == SPIKES:
                    p = index.index(probe.population)
                    found[k].append(self._spikes(scratch, p, probe, s, int(samples.ids[s])))
                elif probe.of_synapses:
                    found[k].append(synapses_seen(scratch, layout, k, probe, self.steps))
                else:
                    found[k].append(states_seen(self.graph, scratch, layout, k, probe, self.steps))
        return tuple(
            np.concatenate(each) if probe.what == SPIKES else np.stack(each)
            for probe, each in zip(probes, found, strict=True)
        )

    def _spikes(self, work: Work, p: int, probe: Probe, place: int, sample: int) -> Array:
        """What a probe sees of the spikes of population p in the sample that lies in worker 0."""
        population = self.graph.populations[p]
        if population.source is None:
            return spikes_seen(self.plan, work, p, probe, place)
        neurons = range(probe.first, probe.end)
        rows = fired(population, self.graph, self.model.seed, sample, self.steps, neurons)
        return np.insert(rows, 0, place, axis=1)

    def states_at(self, samples: Samples, steps: int) -> dict[str, dict[str, Array]]:
        """The states of a single sample after so many steps, by population and state."""
        return states_at(self, samples, steps)

    def states_after(self, samples: Samples, steps: int) -> dict[str, Array]:
        """The states of a single sample after the first `steps`."""
        work = self._presented(samples, self.plan._replace(steps=steps))
        return {"reals": work.reals[0].copy(), "integers": work.integers[0].copy()}

    def _presented(self, sample: Samples, plan: Plan) -> Record[Work]:
        """Scratch of which worker 0 has presented the sample, for as many steps as `plan` says."""
        work = self._scratch()
        self._play(self.kernels, sample, plan, work)
        return work

    def _play(self, kernels: Kernels, sample: Samples, plan: Plan, work: Record[Work]) -> None:
        kernels.module.run(
            kernels.address, Record(plan), self.presented, Record(self.data(sample)), self.seed, 0,
            1, work, 0, Record(self._results(1)),
        )  # fmt: skip

    def data(self, samples: Samples) -> Data:
        """The samples in the kernels' layout; CompileError(E062) where they do not fit."""
        check_samples(self.graph, samples)
        inputs = samples.values.shape[-1]
        values, rasters = np.zeros((1, inputs), np.float32), np.zeros((1, 1, 1), np.uint8)
        if takes_spikes(self.plan):
            rasters = np.ascontiguousarray(samples.values, np.uint8)
        else:
            values = np.ascontiguousarray(samples.values, np.float32)
        return Data(
            values,
            rasters,
            np.ascontiguousarray(samples.rows, np.int64),
            np.ascontiguousarray(samples.ids, np.uint64),
            np.ascontiguousarray(samples.labels, np.int32),
            np.ascontiguousarray(samples.importance, np.float32),
            samples.epoch,
        )

    @cached_property
    def kernels(self) -> Kernels:
        """The kernels that present samples, one on each thread."""
        return self._kernels(False)

    @cached_property
    def _recording(self) -> Kernels:
        """Those that write down what probes see as well."""
        return self._kernels(True)

    def _kernels(self, is_recorded: bool) -> Kernels:
        self._declare()
        means, has_states = self.graph.semantics, len(self.states.table) > 0
        features = features_of(
            self.plan, False, means, is_recorded=is_recorded, is_stateful=has_states
        )
        synapses = distinct_synapses(self.graph)
        return load_kernels(
            distinct_steps(self.graph), self.folder, features, means=means, synapses=synapses
        )

    def _declare(self) -> None:
        """Make the types of the records known that the kernels take."""
        nothing = np.zeros(0, np.int32)
        data = Data(
            *(np.zeros((1, 1), np.float32), np.zeros((1, 1, 1), np.uint8)),
            *(nothing.astype(np.int64), nothing.astype(np.uint64), nothing),
            *(np.zeros(0, np.float32), 0),
        )
        for fields in (make_work(self.plan, 0, states=self.states), data, self._results(0)):
            Record(fields)

    def _on_threads(self, task: Callable[[int], object], count: int) -> None:
        """task(0) … task(count - 1), at most `threads` at once; kernels release the lock."""
        if self.threads == 1 or count == 1:
            for k in range(count):
                task(k)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(task, range(count)))

    def _results(self, count: int, workers: int = 1) -> Results:
        p, neurons = self.plan.output, self.plan.neurons
        outputs = int(neurons[p + 1] - neurons[p])
        return Results(
            np.zeros((count, outputs), np.int32),
            np.zeros((count, outputs if self.plan.score >= 0 else 0), np.float32),
            np.zeros(count, np.int32),
            np.zeros(count, np.float64),
            np.zeros((workers, int(neurons[-1])), np.int64),
            np.zeros(count, np.uint8),
        )

    def _scratch(self) -> Record[Work]:
        if self._work is None:
            self._work = Record(make_work(self.plan, self.threads, states=self.states))
        return self._work


def raster_of(plan: Plan, work: Record[Work]) -> Array:
    """The events in worker 0 as bool [T, N], or how many they are of a neuron in a step that may
    fire several times."""
    is_many = bool((np.diff(plan.events) > plan.steps * np.diff(plan.neurons)).any())
    raster: Array = np.zeros((plan.steps, int(plan.neurons[-1])), np.uint8 if is_many else np.bool_)
    for p in range(len(plan.model)):
        ptr = work.ptr[0, p]
        spikes = work.spikes[0, plan.events[p] : plan.events[p] + ptr[-1]]
        where = np.repeat(np.arange(plan.steps), np.diff(ptr)), plan.neurons[p] + spikes
        if is_many:
            np.add.at(raster, where, 1)
        else:
            raster[where] = True
    return raster
