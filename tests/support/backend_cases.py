"""What every compiled backend is tested with: weights that add up exactly, and the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from snncc.backends.compiled.sources import silenced
from snncc.backends.protocols import Samples, Simulator
from snncc.backends.reference.network import Simulation, simulate
from snncc.backends.reference.simulator import input_spikes
from snncc.ir.graph import Graph
from snncc.ir.model import Model, draw_model

SEED = 3  # of the wiring and of the encodings


def grid_model(graph: Graph, seed: int, low: float = -1.0, high: float = 2.0) -> Model:
    """The graph with weights that are multiples of 1/64: their sums are exact in float32."""
    generator = np.random.default_rng(seed)
    model = draw_model(graph, SEED)
    return model.with_weights(
        {
            name: np.round(64 * generator.uniform(low, high, w.weight_shape)).astype(np.float32)
            / np.float32(64)
            for name, w in model.wirings.items()
        }
    )


def samples_with(values: Any, labels: Any = None) -> Samples:
    """Samples with ids that need both words, and importance 1."""
    count = len(values)
    ids = np.arange(count, dtype=np.uint64) * np.uint64(3) + np.uint64(2**60 + 2**32 + 5)
    labels = np.zeros(count) if labels is None else labels
    rows = np.arange(count, dtype=np.int64)
    return Samples(values, rows, ids, np.asarray(labels, np.int32), np.ones(count, np.float32))


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


def raster(graph: Graph, trace: Simulation) -> Any:
    return np.concatenate([trace.spikes[p.name] for p in graph.populations], axis=2)


def same_states(single: Simulation, double: Simulation) -> bool:
    """Whether every state of every step is the same number (or not a number) in both."""
    return all(
        np.array_equal(values.astype(np.float64), double.history[p][s].astype(np.float64), True)
        for p, states in single.history.items()
        for s, values in states.items()
    )


def compare_with_reference(simulator: Simulator, model: Model, samples: Samples) -> Comparison:
    """The three rasters of the samples; what `run` counts is what `raster` shows."""
    graph = model.graph
    inputs = input_spikes(graph, samples, simulator.steps, model.seed)
    single = simulate(model, inputs, np.float32, record=True)
    double = simulate(model, inputs, np.float64, record=True)
    rasters = [simulator.raster(samples, k) for k in range(len(samples.ids))]
    made = np.stack(rasters, axis=1)
    outcome = simulator.run(samples)
    activity = silenced(made.sum(axis=(0, 1)), graph.populations)
    np.testing.assert_array_equal(outcome.activity, activity)
    return Comparison(
        made, raster(graph, single), raster(graph, double), same_states(single, double)
    )
