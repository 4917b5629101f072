"""What the reference does with some samples, under the names of the ONNX models' outputs."""

from __future__ import annotations

import io

import numpy as np

from ....ir.graph import Graph
from ...trace import Trace
from .network import SPIKES, kept
from .neurons import kind_of


def vectors(graph: Graph, trace: Trace) -> bytes:
    """An .npz: `spikes` uint8 [T, B, inputs], and of each population h `h.spikes` uint8 [T, B, N]
    and `h.v` int32, of floats float32, [T, B, N] of each state v after each step."""
    inputs = [trace.spikes[p.name] for p in graph.populations if p.step is None]
    arrays = {SPIKES: np.concatenate(inputs, axis=2).astype(np.uint8)}
    arrays |= {f"{name}.spikes": fired.astype(np.uint8) for name, fired in trace.spikes.items()}
    arrays |= {
        f"{p.name}.{s.name}": trace.states[p.name][s.name].astype(kind_of(s))
        for p, s in kept(graph.populations)
    }
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
