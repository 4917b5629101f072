"""The input spikes of samples, as a folder for an emulator has them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....ir.graph import Graph
from ....ir.running import SPIKES, Probe
from ...trace import Trace, seen_of


def inputs_log(graph: Graph, digest: str, trace: Trace) -> bytes:
    """A spike log of the inputs alone."""
    given = [p for p in graph.populations if p.step is None]
    steps, samples, _ = next(iter(trace.spikes.values())).shape
    arrays: dict[str, Any] = {
        "dt": np.array(graph.dt),
        "digest": np.array(digest),
        "populations": np.array([p.name for p in given], np.str_),
        "neurons": np.array([p.neurons for p in given], np.int64),
        "samples": np.array(samples),
        "steps": np.array(steps),
    }
    for population in given:
        probe = Probe(SPIKES, population.name, 0, population.neurons)
        arrays[f"spikes/{population.name}"] = seen_of(trace, probe)
    return npz(arrays)


def npz(arrays: Mapping[str, Any]) -> bytes:
    """Arrays as a file."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    return content.getvalue()
