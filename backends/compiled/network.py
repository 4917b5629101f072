"""What a backend takes in: wirings, weights and samples, checked against the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph
from ...ir.model import Model, unit_name, value_name
from ...ir.neuron import LAST_EMITTED
from ...ir.passes.pipeline import run_model_passes
from ...ir.rules import GIVEN
from ...ir.tensors import together
from ...ir.trains import takes_trains
from ...ir.types import DType, Fixed
from ...ir.verify.durations import steps_of
from ...ir.wiring import Wiring
from ..protocols import Samples
from .lanes import brings_late, in_lanes
from .plan import Plan, output_of

Array = npt.NDArray[Any]


def ready(model: Model, is_late: bool = False) -> Model:
    """The model as a compiled network takes it, its parameters settled; CompileError(E071) for
    values of other types than it computes in. `is_late`: the engine keeps what is still to arrive,
    see `lanes.brings_late`."""
    model = run_model_passes(model)
    model = in_lanes(model, brings_late) if is_late else in_lanes(model)
    if model.graph.semantics.integers:  # each step says whether its codes can be kept
        return model
    starts = {
        value_name(p.name, s.name): s.dtype
        for p in model.graph.populations
        if p.step is not None
        for s in p.step.states
    }
    wrong = [
        f"`{name}` is {value.dtype}, and the network computes in {wanted}"
        for name, value in model.values.items()
        if value.dtype != (wanted := starts.get(name, DType.F32))
    ]
    if wrong:
        way_out = "convert the values, or take a target that computes in their type"
        raise CompileError(Diagnostic("E071", problem, help=way_out) for problem in wrong)
    return model


def flatten(model: Model) -> Array:
    """All weights in one array f32, projections in graph order; codes as i32 in their bytes. It is
    the model's own memory where the model was drawn: who changes weights copies it."""
    parts = [model.weights(projection.name).ravel() for projection in model.graph.projections]
    if model.graph.semantics.integers:
        codes = np.concatenate([np.zeros(0, np.int32), *(p.astype(np.int32) for p in parts)])
        return codes.view(np.float32)
    return together([np.zeros(0, np.float32), *parts])


def meant(model: Model, scores: Array) -> Array:
    """The scores of outputs as float32, where they are codes."""
    output = model.graph.populations[output_of(model.graph)]
    name = value_name(output.name, unit_name(LAST_EMITTED))
    if name not in model.values or output.step is None or not scores.size:
        return np.asarray(scores, np.float32)
    dtype = next(s.dtype for s in output.step.states if s.name == LAST_EMITTED)
    assert isinstance(dtype, Fixed)
    return np.asarray(np.ldexp(scores * model.values[name].array, -dtype.frac), np.float32)


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
    return bool((plan.encoder == GIVEN).any())


def check_samples(graph: Graph, samples: Samples) -> None:
    """CompileError(E062) where the samples' shape is not that of the network's inputs."""
    given = [p for p in graph.populations if p.role == "input"]
    inputs = sum(p.neurons for p in given)
    has_trains = any(map(takes_trains, given))
    wanted = (steps_of(graph), inputs) if has_trains else (inputs,)
    got = samples.values.shape[1:]
    if got != wanted:
        message = f"a sample has shape {list(got)}, and the network's inputs take {list(wanted)}"
        raise CompileError(Diagnostic("E062", message))
