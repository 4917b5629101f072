"""Networks as sides: simulated on a target."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from ...backends.artifact.model import Package, graph_digest
from ...backends.protocols import Samples, Simulator
from ...backends.trace import Trace
from ...ir.graph import Graph
from ...ir.neuron import LAST_EMITTED
from ...ir.verify.durations import steps_of
from ..loading import make_simulator
from ..settings import Settings
from .side import Batch, Side, Sizes, States


def model_side(name: str, package: Package, threads: int, settings: Settings) -> Side:
    """The model of a package, simulated on its target."""
    graph = package.model.graph

    @cache
    def simulator() -> Simulator:
        return make_simulator(package, threads, settings)

    def predict(batch: Batch) -> npt.NDArray[np.int32]:
        return simulator().run(_given(batch)).predictions

    def states_at(batch: Batch, steps: int) -> States:
        return simulator().states_at(_given(batch), steps)

    return Side(
        name,
        {
            p: graph.population(p).neurons
            for block in graph.schedule or ()
            for p in block.populations
        },
        trace=lambda batch, sizes, has_states: _cut(
            simulator().trace(_given(batch), has_states), sizes, graph
        ),
        states_at=states_at,
        steps=steps_of(graph) if any(p.encoding is not None for p in graph.populations) else None,
        dt=graph.dt,
        digest=graph_digest(graph),
        package=package,
        predict=predict if is_scored(graph) else None,
    )


def _given(batch: Batch) -> Samples:
    assert batch.samples is not None, "a network without samples"
    return batch.samples


def is_scored(graph: Graph) -> bool:
    """Whether an output answers by more than its spike counts."""
    outputs = (p.step for p in graph.populations if p.role == "output" and p.step is not None)
    return any(state.name == LAST_EMITTED for step in outputs for state in step.states)


def _cut(trace: Trace, sizes: Sizes, graph: Graph) -> Trace:
    states = trace.moving(graph)
    return Trace(
        {name: trace.spikes[name][: sizes.steps] for name in sizes.neurons},
        {
            name: {state: array[: sizes.steps] for state, array in states[name].items()}
            for name in sizes.neurons
            if name in states
        },
    )
