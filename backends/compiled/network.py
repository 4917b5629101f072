"""What a backend takes in: wirings, weights and samples, checked against the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph
from ...ir.wiring import Wiring, wire
from ..protocols import Samples, Weights
from .codes import SPIKES
from .plan import Plan

Array = npt.NDArray[Any]


def wirings_of(graph: Graph, seed: int) -> dict[str, Wiring]:
    """The wiring of every projection, by name."""
    shapes = {p.name: p.shape for p in graph.populations}
    return {p.name: wire(p, shapes[p.pre], shapes[p.post], seed) for p in graph.projections}


def flatten(graph: Graph, wirings: Mapping[str, Wiring], weights: Weights) -> Array:
    """All weights in one array, projections in graph order; CompileError(E060) on a misfit."""
    parts = [np.zeros(0, np.float32)]
    for projection in graph.projections:
        wanted = wirings[projection.name].weight_shape
        given = weights.get(projection.name)
        if given is None or given.shape != wanted:
            got = "none" if given is None else list(given.shape)
            message = f"weights of `{projection.name}`: want shape {list(wanted)}, got {got}"
            raise CompileError(Diagnostic("E060", message, projection.span))
        parts.append(np.asarray(given, np.float32).ravel())
    return np.concatenate(parts)


def unflatten(
    graph: Graph, plan: Plan, wirings: Mapping[str, Wiring], flat: Array
) -> dict[str, Array]:
    """Copies of the weights by projection name, shaped as their wiring says."""
    return {
        p.name: flat[plan.weight[k] : plan.weight[k + 1]]
        .reshape(wirings[p.name].weight_shape)
        .copy()
        for k, p in enumerate(graph.projections)
    }


def takes_spikes(plan: Plan) -> bool:
    """Whether the inputs are given as spike trains."""
    return bool((plan.encoder == SPIKES).any())


def check_samples(plan: Plan, samples: Samples) -> None:
    """CompileError(E062) where the samples' shape is not that of the network's inputs."""
    inputs = int(np.diff(plan.neurons)[plan.inputs].sum())
    wanted = (plan.steps, inputs) if takes_spikes(plan) else (inputs,)
    got = samples.values.shape[1:]
    if got != wanted:
        message = f"a sample has shape {list(got)}, and the network's inputs take {list(wanted)}"
        raise CompileError(Diagnostic("E062", message))
