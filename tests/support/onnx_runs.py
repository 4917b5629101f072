"""ONNX models in onnxruntime, for the tests of networks as such."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto

KINDS = {"tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(float)": np.float32}
Columns = dict[str, np.ndarray[Any, Any]]


def session(model: ModelProto) -> onnxruntime.InferenceSession:
    """The model as onnxruntime runs it, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def run_scan(
    model: ModelProto, spikes: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any] | None = None
) -> Columns:
    """The outputs by name, of spikes [T, B, inputs] and numbers [B, inputs]."""
    running = session(model)
    names = [each.name for each in running.get_outputs()]
    return dict(zip(names, running.run(None, _given(spikes, numbers)), strict=True))


def _given(spikes: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any] | None) -> Columns:
    return {"spikes": spikes} | ({} if numbers is None else {"numbers": numbers})


def run_steps(
    model: ModelProto, spikes: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any] | None = None
) -> Columns:
    """The outputs of a model of one step, step after step, [T, ...]."""
    running = session(model)
    said = json.loads({p.key: p.value for p in model.metadata_props}["snncc.states"])
    fed = {}
    for each in running.get_inputs():
        if each.name not in ("spikes", "numbers"):
            kind = KINDS[each.type]
            shape = [spikes.shape[1] if n == "B" else n for n in each.shape]
            start = said.get(each.name, {"start": 0})["start"]
            fed[each.name] = np.broadcast_to(np.asarray(start, kind), shape)
    names = [each.name for each in running.get_outputs()]
    made: dict[str, list[Any]] = {name: [] for name in names}
    for now in spikes:
        found = dict(zip(names, running.run(None, fed | _given(now, numbers)), strict=True))
        fed = {name: found[f"{name}.next"] for name in fed}
        for name, values in found.items():
            made[name].append(values)
    return {name: np.stack(values) for name, values in made.items()}
