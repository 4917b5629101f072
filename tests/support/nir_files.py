"""NIR files for tests, in the layout in which nir's own package writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nir_nodes import Nodes

h5py = pytest.importorskip("h5py")  # whoever imports this is skipped without


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
