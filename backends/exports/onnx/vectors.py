"""What the reference does with some samples, under the names of the ONNX models' outputs."""

from __future__ import annotations

import io

import numpy as np

from ....ir.graph import Graph
from ...trace import Trace
from .network import NUMBERS, SPIKES, kept
from .neurons import kind_of


def vectors(graph: Graph, trace: Trace) -> bytes:
    """An .npz: `spikes` uint8 [T, B, inputs], `numbers` int32 [B, numbers], if inputs send them,
    and of each population h `h.spikes` uint8 [T, B, N] and `h.v` int32, of floats float32,
    [T, B, N] of each state v after each step."""
    given = [p.name for p in graph.populations if p.step is None]
    trains = [trace.spikes[name] for name in given if name not in trace.numbers]
    none = np.zeros((*next(iter(trace.spikes.values())).shape[:2], 0), np.uint8)
    arrays = {SPIKES: np.concatenate([none, *trains], axis=2).astype(np.uint8)}
    if trace.numbers:
        sent = np.concatenate([trace.numbers[n] for n in given if n in trace.numbers], axis=1)
        arrays[NUMBERS] = sent.astype(np.int32)
    arrays |= {f"{name}.spikes": fired.astype(np.uint8) for name, fired in trace.spikes.items()}
    arrays |= {
        f"{p.name}.{s.name}": trace.states[p.name][s.name].astype(kind_of(s))
        for p, s in kept(graph.populations)
    }
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
