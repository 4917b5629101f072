"""`--target gpu`: a graph on an NVIDIA card, presented by one persistent kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from ...ir.model import Model
from ...ir.philox import bernoulli_threshold
from ...ir.rules import DRAWN
from ...ir.running import SPIKES, Probe
from ..compiled.network import check_samples, flatten, meant, takes_spikes
from ..compiled.recording import states_at, traced
from ..compiled.sources import with_sources
from ..compiled.store import Results
from ..protocols import Outcome, Samples, classes_of
from ..trace import Trace, seen_of
from .build import KernelProgram
from .card import out_of_memory
from .device import Device, Kernel, open_device
from .program import Data, Layout, make_layout, narrow, run_program
from .program import Weights as Presented
from .scratch import Make, Work, bytes_of, make_work

Array = npt.NDArray[Any]
Scratch = TypeVar("Scratch")
SIMULATED_THREADS = 8
ROOM = 0.9  # of the card's free memory
LOW = np.uint64(0xFFFFFFFF)
HIGH = np.uint64(32)
SETS = 2  # data sets on the device: of training and of test
ROWS = 4096  # that are encoded at once, in double precision


class CudaSimulator:
    """A compiled network with weights in it; see `target.Simulator`.

    The model's seed keys the frozen encodings, `folder` keeps compiled kernels. `threads` has
    no meaning here: results don't depend on how the card shares the work.
    """

    def __init__(
        self,
        model: Model,
        threads: int | None,
        folder: Path,
        device: Device | None = None,
        has_currents: bool = False,
    ) -> None:
        self.device = device or open_device(folder)
        self.seed = np.uint64(model.seed)
        self.layout: Layout = make_layout(model, has_currents)
        self.graph = self.layout.graph
        self.plan = self.layout.plan
        self.steps = self.plan.steps
        self._run = Launcher(self.device, run_program(self.layout, self._threads()))
        self._plan = on_device(self.device, self.plan)
        self._tables = on_device(self.device, self.layout.tables)
        flat = flatten(self.layout.model).view(self.plan.real_init.dtype)
        self.flat = self.device.upload(np.resize(flat, max(1, len(flat))))
        self._work: Reserve[Work] = Reserve(self.device)
        self._sets: list[tuple[Array, tuple[Any, ...]]] = []

    def run(self, samples: Samples) -> Outcome:
        """Present the samples without learning. The same bits for any number in flight."""
        count = len(samples.ids)
        results = self._results(count)
        if count:
            self._present(samples, results, self.steps)
        download = self.device.download
        counts = download(results.counts)[:count]
        scores = self._scores(results, count)
        classes, cost = classes_of(counts, scores), np.zeros(count)
        lost = download(results.lost)[:count] > 0
        means = meant(self.layout.model, scores)
        return Outcome(counts, classes, cost, download(results.activity), lost, means)

    def _scores(self, results: Results, count: int) -> Array:
        """What the outputs of the samples emitted last, if they emit numbers."""
        scores: Array = self.device.download(results.scores)
        return scores[:count, : scores.shape[1] if self.plan.score >= 0 else 0]

    def raster(self, samples: Samples, sample: int) -> npt.NDArray[np.bool_]:
        """The spikes of one sample, bool [steps, neurons], populations in graph order."""
        work = self._present(samples.only(sample), self._results(1), self.steps)
        words = self.device.download(work.bits)[0].reshape(self.steps, -1)
        bits = np.unpackbits(words.astype("<u4").view(np.uint8), axis=1, bitorder="little")
        first = 32 * self.layout.tables.word
        parts = [bits[:, first[p] : first[p] + n] for p, n in enumerate(np.diff(self.plan.neurons))]
        raster = np.concatenate(parts, axis=1).astype(np.bool_)
        sample_id = int(samples.ids[sample])
        return with_sources(raster, self.graph, int(self.seed), sample_id)

    def trace(self, samples: Samples, has_states: bool) -> Trace:
        """What the network does with the samples, see `compiled.recording`."""
        return traced(self, samples, has_states)

    def record(self, samples: Samples, probes: Sequence[Probe]) -> tuple[Array, ...]:
        """What the probes see."""
        trace = self.trace(samples, any(probe.what != SPIKES for probe in probes))
        return tuple(seen_of(trace, probe) for probe in probes)

    def states_at(self, samples: Samples, steps: int) -> dict[str, dict[str, Array]]:
        """The states of a single sample after so many steps, by population and state."""
        return states_at(self, samples, steps)

    def states_after(self, samples: Samples, steps: int) -> dict[str, Array]:
        """The states of a single sample after the first `steps`."""
        work = self._present(samples, self._results(1), steps)
        download = self.device.download
        return {"reals": download(work.reals)[0], "integers": download(work.integers)[0]}

    def _present(self, samples: Samples, results: Results, steps: int) -> Work:
        """Launch the kernel `run` over the first `steps` of the samples; its scratch holds the last
        of them."""
        work = self._scratch(len(samples.ids))
        data = self._data(samples)
        flight = int(work.count.shape[0])
        plan = self._plan._replace(steps=steps)
        arguments = (plan, self._tables, Presented(self.flat), data, work, results)
        self._run(*arguments, 0, len(samples.ids), flight, *self._key())
        return work

    def _data(self, samples: Samples) -> Data:
        """The samples on the device; CompileError(E062) where they do not fit."""
        check_samples(self.graph, samples)
        ids = np.stack([samples.ids & LOW, samples.ids >> HIGH], axis=1).astype(np.uint32)
        upload = self.device.upload
        return Data(
            upload(np.ascontiguousarray(samples.rows, np.int64)),
            upload(ids),
            upload(np.ascontiguousarray(samples.labels, np.int32)),
            upload(np.ascontiguousarray(samples.importance, np.float32)),
            samples.epoch,
            *self._kept(samples.values),
        )

    def _kept(self, values: Array) -> tuple[Any, ...]:
        """(thresholds, rasters, numbers) of a data set, uploaded once as long as it is in use."""
        for known, kept in self._sets:
            if known is values:
                return kept
        made = self._encoded(values)
        self._sets = self._sets[1 - SETS :]  # before its room is needed
        kept = tuple(self.device.upload(array) for array in made)
        self._sets.append((values, kept))
        return kept

    def _encoded(self, values: Array) -> tuple[Array, Array, Array]:
        """The same in the host's memory; what no input needs has one row of zeros."""
        inputs, plan = values.shape[-1], self.plan
        thresholds, rasters = np.zeros((1, inputs), np.uint32), np.zeros((1, 1, inputs), np.uint8)
        numbers = np.zeros((1, inputs), plan.real_init.dtype)
        if takes_spikes(plan):
            return thresholds, np.ascontiguousarray(values, np.uint8), numbers
        sizes = np.diff(plan.neurons)[plan.inputs]
        rate, zero = plan.rate, plan.zero
        most, drawn = (np.repeat(x, sizes) for x in (plan.most, plan.encoder == DRAWN))
        if drawn.any():
            thresholds = np.empty(values.shape, np.uint32)
        if not drawn.all():
            numbers = np.empty(values.shape, plan.real_init.dtype)
        for start in range(0, len(values), ROWS):
            rows = slice(start, start + ROWS)
            part = values[rows].astype(np.float64)
            if drawn.any():
                thresholds[rows] = bernoulli_threshold(part * np.where(drawn, rate, 0.0))
            if not drawn.all():
                sent = (part - zero) * rate
                codes = np.clip(np.rint(sent), -most, most)
                numbers[rows] = np.where(most > 0, codes, sent)
        return thresholds, rasters, numbers

    def _results(self, count: int) -> Results:
        plan = self.plan
        outputs = int(np.diff(plan.neurons)[plan.output])
        make = self.device.empty
        return Results(
            make((max(1, count), outputs), np.int32),
            make((max(1, count), outputs if self.plan.score >= 0 else 1), plan.real_init.dtype),
            make((max(1, count),), np.int32),
            make((max(1, count),), np.float32),
            make((int(self.plan.neurons[-1]),), np.int64),
            make((max(1, count),), np.uint8),
        )

    def _scratch(self, samples: int) -> Work:
        """Scratch for as many samples as there are, the card can use at once and has room for."""
        layout = self.layout
        return self._work.of(
            min(samples, 2 * self._run.blocks),
            lambda make, flight: make_work(make, layout.plan, layout.tables, flight),
        )

    def _key(self) -> tuple[np.uint32, np.uint32]:
        return np.uint32(self.seed & LOW), np.uint32(self.seed >> HIGH)

    def _threads(self) -> int | None:
        return SIMULATED_THREADS if self.device.arch == "simulator" else None


class Launcher:
    """A kernel program ready on a device; a call launches it on as many blocks as run at once."""

    def __init__(self, device: Device, program: KernelProgram) -> None:
        self.device = device
        self.program = program
        self.kernel: Kernel = device.prepare(program)
        self.blocks = device.blocks(self.kernel, program.threads, program.shared)
        self._barrier = device.empty((1,), np.int64)

    def __call__(self, *args: Any) -> None:
        """Launch after all that was launched before; returns at once."""
        program = self.program
        arguments = (*args, self._barrier)
        self.device.launch(self.kernel, self.blocks, program.threads, program.shared, arguments)


def on_device(device: Device, values: Any) -> Any:
    """A named tuple with its arrays on the device, as `narrow` has them."""
    narrowed = narrow(values)
    return type(values)(*(device.upload(v) if isinstance(v, np.ndarray) else v for v in narrowed))


class Reserve(Generic[Scratch]):
    """Scratch that lasts: made anew only for more samples in flight than were ever asked for."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.held: Scratch | None = None
        self._asked = 0

    def of(self, wanted: int, build: Callable[[Make, int], Scratch]) -> Scratch:
        """What `build(make, flight)` gives for `wanted` samples, or for fewer where the device's
        memory is too small. CompileError(E072) where not even one fits."""
        if self.held is None or self._asked < wanted:
            self.held = None  # its memory is needed
            self.held = build(self.device.empty, self._flight(wanted, build))
            self._asked = wanted
        return self.held

    def _flight(self, wanted: int, build: Callable[[Make, int], Scratch]) -> int:
        one = bytes_of(lambda make: build(make, 1))
        each = max(1, bytes_of(lambda make: build(make, 2)) - one)
        room = int(ROOM * self.device.free_bytes())
        if room < one:
            raise out_of_memory(self.device.name, one, room)
        return min(wanted, 1 + (room - one) // each)
