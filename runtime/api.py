"""Networks in Python: what `from snncc import …` gives, the same as the commands of their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.model import Package, save_model
from ..backends.exports.table import EXPORTS, Details
from ..backends.protocols import LARGEST_COUNT, LARGEST_SEED
from ..frontend.program import time_called
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.report import nearest
from ..ir.running import Probe
from .exporting import write_export
from .inputs import choose_data, given_inputs, load_presentation
from .loading import Options, load_package, make_simulator, named_target, require_unchanged
from .recording import Recording, recording_of
from .samples import Presentation, output_population
from .session import Start, run, start
from .settings import Settings, settings_from, usable_threads
from .simulation import alone, has_inputs, probes_of, record, timed
from .training.evaluate import answer
from .training.history import EpochRecord
from .training.lock import hold
from .training.loop import Moment
from .training.options import TrainOptions

Follow = Callable[[EpochRecord], object]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How a network answers. `predictions` (-1: none) and `labels` int32 [samples]; `confusion`
    int64 [class, predicted class], whose last column are samples without an answer."""

    accuracy: float
    predictions: npt.NDArray[np.int32]
    labels: npt.NDArray[np.int32]
    confusion: npt.NDArray[np.int64]


def load(
    path: str | Path,
    *,
    network: str | None = None,
    target: str | None = None,
    seed: int | None = None,
    **parameters: object,
) -> Network:
    """The network of a program (.snn), a package or the folder of a run. `network` chooses one of
    several in a file, `parameters` are those of the network (`hidden=200`, `tau="20 ms"`), `seed`
    draws wiring, weights and trains, `target` is where it is to run (default: cpu, or what a
    package was made for). CompileError for whatever `snncc check` refuses."""
    _require_counts(seed=seed)
    defines = {name: _written(value) for name, value in parameters.items()}
    options = Options(defines, network, seed, target)
    require_unchanged(Path(path), options)
    if target is not None:
        named_target(target)
    return Network(Path(path), options, load_package(Path(path), options))


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Network:
    """A network with its weights; see `load`."""

    def __init__(self, path: Path, options: Options, package: Package) -> None:
        self._path, self._options, self._package = path, options, package

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}{list(shape)}" for name, shape in self.populations.items())
        return f"<{self.name}: {shapes}>"

    @property
    def name(self) -> str:
        """The name of the network."""
        return self._package.model.graph.name

    @property
    def dt(self) -> float:
        """The step of time [ms]."""
        return self._package.model.graph.dt

    @property
    def populations(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of the populations, by name."""
        return {p.name: tuple(p.shape) for p in self._package.model.graph.populations}

    @property
    def weights(self) -> Mapping[str, npt.NDArray[Any]]:
        """Copies of the weights of every projection, by name, shaped as its wiring says: [pre,
        post] of one that is dense, [outputs, channels, rows, columns] of a convolution, else a row
        of synapses."""
        model = self._package.model
        return {p.name: model.weights(p.name).copy() for p in model.graph.projections}

    def run(
        self,
        inputs: npt.ArrayLike | None = None,
        *,
        duration: str | float | None = None,
        runs: int = 1,
        data: str | None = None,
        split: str = "test",
        samples: int | None = None,
        states: bool = False,
        threads: int | None = None,
    ) -> Recording:
        """Simulate without learning. `inputs` are spikes, bool [samples, steps, inputs], or numbers
        in 0..1 [samples, inputs]; without any a network that has inputs is presented with the first
        `samples` (10) of its data (`data`, or what it learns from; `split` "train" or "test"), one
        that has none is run `runs` times. `duration` ("500 ms", or ms) is how long, else as the
        program says. Recorded is what its `run` block says, or every spike; with `states` every
        spike and every state in each step, beside what it says. CompileError for what `snncc run`
        refuses."""
        _require_counts(samples=samples, runs=runs, threads=threads)
        if inputs is not None and data is not None:
            message = "`inputs` take the place of `data`: give one of them"
            raise CompileError(Diagnostic("E012", message))
        is_fed = has_inputs(self._package.model.graph)
        if runs > 1 and is_fed:
            message = "`runs` is how often a network without inputs is run, and this one has some"
            raise CompileError(Diagnostic("E012", message, help="leave it out"))
        if samples is not None and not is_fed and data is None:
            message = "`samples` are of data, and this network has no inputs"
            raise CompileError(Diagnostic("E012", message, help=f"write `runs={samples}`"))
        package = timed(self._package, _milliseconds(duration))
        given = self._given(package, inputs, data, split, samples or 10, runs)
        probes = probes_of(package, states)
        return self._recorded(package, given, probes, threads)

    def _recorded(
        self, package: Package, given: Presentation, probes: tuple[Probe, ...], threads: int | None
    ) -> Recording:
        simulator = make_simulator(package, threads or usable_threads(), _settings())
        seen = record(simulator, given, probes)
        return recording_of(package.model, probes, seen, len(given), simulator.steps)

    def _given(
        self,
        package: Package,
        inputs: npt.ArrayLike | None,
        data: str | None,
        split: str,
        samples: int | None,
        runs: int = 1,
    ) -> Presentation:
        graph = package.model.graph
        if inputs is not None:
            return given_inputs(graph, inputs)
        if data is None and not has_inputs(graph):
            return alone(runs)
        if split not in ("train", "test"):
            message = f"a split is `train` or `test`, not `{split}`"
            raise CompileError(Diagnostic("E022", message))
        return load_presentation(graph, choose_data(package, data), split, samples, _settings())

    def eval(
        self,
        *,
        data: str | None = None,
        split: str = "test",
        samples: int | None = None,
        threads: int | None = None,
    ) -> Evaluation:
        """The accuracy over a split of the data, or its first `samples`. CompileError(E044) for a
        network without one output."""
        _require_counts(samples=samples, threads=threads)
        classes = output_population(self._package.model.graph).neurons
        given = self._given(self._package, None, data, split, samples)
        found = answer(
            make_simulator(self._package, threads or usable_threads(), _settings()), given
        )
        assert found is not None
        return Evaluation(found.accuracy, found.predictions, found.labels, found.confusion(classes))

    def train(
        self,
        out: str | Path,
        *,
        epochs: int | None = None,
        batch: int | None = None,
        seed: int | None = None,
        samples: int | None = None,
        test_samples: int | None = None,
        overwrite: bool = False,
        threads: int | None = None,
        follow: Follow | None = None,
    ) -> Network:
        """Train the program's network as its train block says, in the folder `out`, and load the
        best model. `follow` is called with the record of each epoch. An exception, Ctrl-C's too,
        leaves a run that `snncc train --resume` goes on with. CompileError for what `snncc train`
        refuses."""
        if self._path.suffix != ".snn":
            message = f"`{self._path}` is no program; what is trained is one"
            raise CompileError(Diagnostic("E063", message, help="load the .snn file"))
        _require_counts(
            epochs=epochs, batch=batch, seed=seed, samples=samples, test_samples=test_samples,
            threads=threads,
        )  # fmt: skip
        options = TrainOptions(
            program=os.path.realpath(self._path),
            defines=self._options.defines,
            network=self._options.network,
            target=self._options.target or "cpu",
            seed=seed if seed is not None else self._options.seed or 0,
            epochs=epochs,
            batch=batch,
            limit=samples,
            test_limit=test_samples,
        )
        how = Start.REPLACE if overwrite else Start.NEW
        with hold(Path(out)) as folder:
            workers = threads or usable_threads()
            session = start(options, folder, _settings(), workers, how=how)
            run(session, _Listener(follow))
        return load(Path(out), target=self._options.target)

    def export(
        self,
        target: str,
        out: str | Path,
        *,
        samples: int = 4,
        inputs: npt.ArrayLike | None = None,
        data: str | None = None,
    ) -> tuple[Path, ...]:
        """Write the network for another runtime (`c`, `object`, `onnx`, `onnx-step`, `onnx-qdq`,
        `vectors`) into the folder `out`, with a test by so many `samples` (0: none) of the data or
        by `inputs`; the files. CompileError for what `snncc export` refuses."""
        if target not in EXPORTS:
            way_out = nearest(target, EXPORTS) or f"there are {', '.join(EXPORTS)}"
            raise CompileError(Diagnostic("E070", f"there is no `{target}`", help=way_out))
        _require_counts(vectors=samples)
        row, given = EXPORTS[target], None
        row.require(self._package.model)
        if samples or inputs is not None:
            given = self._given(self._package, inputs, data, "test", samples)
        made = write_export(
            self._package, row, Path(out), Details(None, False, None), given, _settings()
        )
        return tuple(Path(out) / name for name in made.files)

    def save(self, path: str | Path) -> None:
        """Write it as a package, .snnpkg, which every command reads. CompileError(E060, E063)."""
        save_model(Path(path), self._package)


class _Listener:
    """Tells of epochs, and never stops a training."""

    def __init__(self, follow: Follow | None) -> None:
        self._follow = follow

    def moment(self, moment: Moment) -> None:
        """Nothing is told between epochs."""

    def epoch(self, record: EpochRecord, _warnings: tuple[str, ...]) -> None:
        """See `loop.Listener`."""
        if self._follow is not None:
            self._follow(record)

    def wants_stop(self) -> bool:
        """See `loop.Listener`."""
        return False


_MOST = {"seed": LARGEST_SEED, "threads": 4096}
_LEAST = {"seed": 0, "test_samples": 0, "vectors": 0}


def _require_counts(**given: object) -> None:
    """CompileError(E022) for what is no whole number, or out of its range."""
    for name, value in given.items():
        low, high = _LEAST.get(name, 1), _MOST.get(name, LARGEST_COUNT)
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if value is not None and not (is_whole and low <= int(value) <= high):  # type: ignore[call-overload]
            message = f"`{name}` is a whole number from {low} to {high}, not {value!r}"
            raise CompileError(Diagnostic("E022", message))


def _milliseconds(duration: str | float | None) -> float | None:
    return time_called(duration, "duration") if isinstance(duration, str) else duration


def _settings() -> Settings:
    return settings_from(os.environ)
