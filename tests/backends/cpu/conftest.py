"""Compiled networks beside the reference, on weights that add up exactly."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pytest

from snncc.backends.cpu import simulator as simulator_module
from snncc.backends.cpu.codegen import graph_source, kernel_source
from snncc.backends.cpu.load import Kernels
from snncc.backends.cpu.simulator import CpuSimulator, wirings_of
from snncc.backends.cpu.trainer import CpuTrainer
from snncc.backends.reference import Trace, simulate
from snncc.backends.target import Samples
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Graph
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.philox import encode
from snncc.runtime.settings import settings_from

SLOW = pytest.mark.slow
SEED = 3  # of the wiring and of the encodings


def interpret(name: str, text: str, folder: Path) -> ModuleType:
    """A generated module whose functions stay Python: nothing to compile."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        patch.setattr(numba, "cfunc", lambda *_, **__: lambda function: function)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The assembled kernels as plain Python."""
    # Added to a Python integer, a uint8 stays one and overflows; compiled, it becomes an int64.
    text = kernel_source().replace("events += row[a]", "events += int(row[a])")
    return interpret("plain_kernels", text, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session", params=["interpreted", pytest.param("compiled", marks=SLOW)])
def kernels(
    request: pytest.FixtureRequest, plain: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The kernel folder, twice: with all kernels run as Python, quick for a small network, and
    compiled, in the user's own folder, since that takes a minute once per machine."""
    if request.param == "compiled":
        yield settings_from(os.environ).kernel_folder
        return
    folder = tmp_path_factory.mktemp("interpreted")

    def load_kernels(steps: Any, _: Path) -> Kernels:
        return Kernels(plain, interpret("plain_steps", graph_source(steps), folder).advance)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulator_module, "load_kernels", load_kernels)
        yield folder


@pytest.fixture(scope="session")
def compiled() -> Callable[[str], Program]:
    """compiled(text): the program of a text, its graph after the pipeline."""

    def make(text: str) -> Program:
        program = compile_text(Source("net.snn", text))
        return Program(run_pipeline(program.graph), program.train)

    return make


def draw_weights(graph: Graph, seed: int, low: float = -1.0, high: float = 2.0) -> dict[str, Any]:
    """Weights for every projection, multiples of 1/64: their sums are exact in float32."""
    generator = np.random.default_rng(seed)
    return {
        name: np.round(64 * generator.uniform(low, high, wiring.weight_shape)).astype(np.float32)
        / np.float32(64)
        for name, wiring in wirings_of(graph, SEED).items()
    }


@pytest.fixture(scope="session")
def grid_weights() -> Callable[..., dict[str, Any]]:
    """grid_weights(graph, seed, low, high): weights that add up exactly in any order."""
    return draw_weights


@pytest.fixture(scope="session")
def samples_of() -> Callable[..., Samples]:
    """samples_of(values, labels): samples with ids that need both words, and importance 1."""

    def make(values: Any, labels: Any = None) -> Samples:
        count = len(values)
        ids = np.arange(count, dtype=np.uint64) * np.uint64(3) + np.uint64(2**32 + 5)
        labels = np.zeros(count) if labels is None else labels
        return Samples(values, ids, np.asarray(labels, np.int32), np.ones(count, np.float32))

    return make


def input_spikes(graph: Graph, samples: Samples, steps: int, seed: int) -> dict[str, Any]:
    """What the encodings make of the samples: bool [T, B, N] by input population."""
    inputs = [p for p in graph.populations if p.role == "input"]
    bounds = np.cumsum([0, *(p.neurons for p in inputs)])
    spikes = {}
    for population, lo, hi in zip(inputs, bounds[:-1], bounds[1:], strict=True):
        assert population.encoding is not None
        if population.encoding.kind == "spikes":
            spikes[population.name] = samples.values[:, :, lo:hi].astype(bool).transpose(1, 0, 2)
            continue
        rate, first = 1.0, 0
        if population.encoding.kind == "poisson":
            rate, first = float(str(population.encoding["rate"])) * graph.dt / 1000.0, 1
        # Inputs are counted through all populations, and a sample's id keys its stream.
        trains = [
            encode(values.astype(np.float64) * rate, steps, int(k), seed, first)[:, lo:hi]
            for values, k in zip(samples.values, samples.ids, strict=True)
        ]
        spikes[population.name] = np.stack(trains, axis=1)
    return spikes


@dataclass(frozen=True)
class Comparison:
    """Rasters bool [T, B, N] of the compiled network and of the reference in two precisions."""

    compiled: Any
    single: Any
    double: Any
    exact: bool  # no state of the two references ever differs

    def agree(self) -> None:
        """The compiled network is the float32 reference, and where that is exact, the float64."""
        np.testing.assert_array_equal(self.compiled, self.single)
        if self.exact:
            np.testing.assert_array_equal(self.compiled, self.double)


def raster(graph: Graph, trace: Trace) -> Any:
    return np.concatenate([trace.spikes[p.name] for p in graph.populations], axis=2)


def same_states(single: Trace, double: Trace) -> bool:
    """Whether every state of every step is the same number (or not a number) in both."""
    return all(
        np.array_equal(values.astype(np.float64), double.history[p][s].astype(np.float64), True)
        for p, states in single.history.items()
        for s, values in states.items()
    )


@pytest.fixture(scope="session")
def compare(kernels: Path) -> Callable[..., Comparison]:
    """compare(graph, samples, weights): the three rasters."""

    def run(graph: Graph, samples: Samples, weights: dict[str, Any]) -> Comparison:
        simulator = CpuSimulator(graph, weights, SEED, 1, kernels)
        inputs = input_spikes(graph, samples, simulator.steps, SEED)
        single = simulate(graph, weights, inputs, np.float32, SEED, record=True)
        double = simulate(graph, weights, inputs, np.float64, SEED, record=True)
        rasters = [simulator.raster(samples, k) for k in range(len(samples.ids))]
        made = np.stack(rasters, axis=1)
        outcome = simulator.run(samples)
        np.testing.assert_array_equal(outcome.activity, made.sum(axis=(0, 1)))
        return Comparison(
            made, raster(graph, single), raster(graph, double), same_states(single, double)
        )

    return run


@pytest.fixture(scope="session")
def trainer(kernels: Path) -> Callable[..., CpuTrainer]:
    """trainer(program, threads, seed): a trainer on grid weights."""

    def make(program: Program, threads: int = 1, seed: int = SEED) -> CpuTrainer:
        assert program.train is not None
        weights = draw_weights(program.graph, seed)
        return CpuTrainer(program.graph, program.train, weights, SEED, threads, kernels)

    return make
