"""A trace as named arrays, the same from every target."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..backends.artifact.model import graph_digest
from ..backends.trace import Trace
from ..ir.model import Model

Arrays = dict[str, npt.NDArray[Any]]


def record_of(model: Model, trace: Trace) -> Arrays:
    """What `run --record` writes.

    "spikes/<population>": int32 [spikes, 3], a row (sample, step, neuron) each, sorted.
    "states/<population>/<state>": [sample, step, neuron], float64, of a counter int32. `dt` [ms];
    `digest` of the graph; `populations` in its order, the `neurons` of each; `samples`, `steps`;
    `units`: rows (population/state, unit).
    """
    steps, samples, _ = next(iter(trace.spikes.values())).shape
    found: Arrays = {
        "dt": np.array(model.graph.dt),
        "digest": np.array(graph_digest(model.graph)),
        "populations": np.array([p.name for p in model.graph.populations]),
        "neurons": np.array([p.neurons for p in model.graph.populations]),
        "samples": np.array(samples),
        "steps": np.array(steps),
    }
    for name, spikes in trace.spikes.items():
        found[f"spikes/{name}"] = np.argwhere(spikes.transpose(1, 0, 2)).astype(np.int32)
    for name, states in trace.moving(model.graph).items():
        for state, values in states.items():
            numbers = values.astype(np.float64) if values.dtype.kind == "f" else values
            found[f"states/{name}/{state}"] = np.ascontiguousarray(numbers.transpose(1, 0, 2))
    units = [
        (f"{p.name}/{state.name}", state.unit)
        for p in model.graph.populations
        for state in (() if p.step is None else p.step.states)
        if p.step is not None and state.name not in p.step.still
    ]
    return found | {"units": np.array(units, np.str_).reshape(-1, 2)}
