"""NIR files for tests, in the layout in which nir's own package writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

Nodes = dict[str, dict[str, Any]]


def write_nir(
    path: Path, nodes: Nodes, edges: list[tuple[str, str]], version: str | None = "1.0.8"
) -> Path:
    """A file of these nodes: dictionaries with `type` and numbers; of a graph within it `nodes` and
    `edges`."""
    with h5py.File(path, "w") as file:
        if version is not None:
            file.create_dataset("version", data=version, dtype=h5py.string_dtype())
        _graph(file.create_group("node"), nodes, edges)
    return path


def _graph(group: Any, nodes: Nodes, edges: list[tuple[str, str]]) -> None:
    group.create_dataset("type", data="NIRGraph", dtype=h5py.string_dtype())
    group.create_dataset("edges", data=np.array(edges, dtype=h5py.string_dtype()))
    inside = group.create_group("nodes")
    for name, node in nodes.items():
        own = inside.create_group(name)
        if node["type"] == "NIRGraph":
            _graph(own, node["nodes"], node["edges"])
            continue
        for key, value in node.items():
            if isinstance(value, str):
                own.create_dataset(key, data=value, dtype=h5py.string_dtype())
            elif np.ndim(value):
                own.create_dataset(key, data=np.asarray(value), compression="gzip")
            else:
                own.create_dataset(key, data=value)


def inp(*shape: int) -> dict[str, Any]:
    return {"type": "Input", "shape": np.array(shape)}


def out(*shape: int) -> dict[str, Any]:
    return {"type": "Output", "shape": np.array(shape)}


def f32(values: Any) -> Any:
    return np.asarray(values, np.float32)


def lif(n: int, draw: np.random.Generator, **given: Any) -> dict[str, Any]:
    """Neurons of different time constants and thresholds."""
    return {
        "type": "LIF",
        "tau": f32(draw.uniform(0.005, 0.03, n)),
        "r": f32(draw.uniform(3, 6, n)),
        "v_leak": f32(draw.uniform(-0.1, 0.1, n)),
        "v_threshold": f32(draw.uniform(0.6, 1, n)),
        "v_reset": f32(np.zeros(n)),
    } | given


def cuba(n: int, draw: np.random.Generator, **given: Any) -> dict[str, Any]:
    return {
        "type": "CubaLIF",
        "tau_mem": f32(draw.uniform(0.01, 0.03, n)),
        "tau_syn": f32(draw.uniform(0.004, 0.01, n)),
        "r": f32(draw.uniform(2, 4, n)),
        "v_leak": f32(np.zeros(n)),
        "v_threshold": f32(draw.uniform(0.3, 0.6, n)),
        "v_reset": f32(np.zeros(n)),
        "w_in": f32(draw.uniform(1, 3, n)),
    } | given


def affine(post: int, pre: int, draw: np.random.Generator, scale: float = 1.0) -> dict[str, Any]:
    return {
        "type": "Affine",
        "weight": f32(draw.normal(0.1, scale, (post, pre))),
        "bias": f32(draw.normal(0, 0.1, post)),
    }


def linear(post: int, pre: int, draw: np.random.Generator, scale: float = 1.0) -> dict[str, Any]:
    return {"type": "Linear", "weight": f32(draw.normal(0, scale, (post, pre)))}


def chain(nodes: Nodes) -> list[tuple[str, str]]:
    """The edges from each node to the next."""
    names = list(nodes)
    return list(zip(names, names[1:], strict=False))
