"""NIR files, in the layout of version 1.0 of the format."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.nir.graph import NirGraph
from ....ir.nir.said import Said, key_of

VERSION = "1.0"
PACKED = 1024  # numbers from which on packing makes a file smaller
PIP = "pip install 'snncc[nir]'"


def file_of(graph: NirGraph, said: Said) -> bytes:
    """The file of a graph, the same for the same; CompileError(E070) without h5py."""
    try:
        import h5py
    except ImportError:
        message = "NIR files are written by h5py, which is missing"
        raise CompileError(Diagnostic("E070", message, help=PIP)) from None
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        _put(file, "version", VERSION)
        root = file.create_group("node")
        _put(root, "type", "NIRGraph")
        rows = np.array(graph.edges, dtype=h5py.string_dtype()).reshape(-1, 2)
        root.create_dataset("edges", data=rows)
        _note(root, said.given())
        nodes = root.create_group("nodes", track_order=True)
        for name, node in graph.nodes.items():
            own = nodes.create_group(name)
            _put(own, "type", node.kind)
            for key, numbers in node.fields.items():
                _put(own, key, numbers)
            _note(own, {key_of(mark): value for mark, value in node.marks.items()})
    return content.getvalue()


def _note(group: Any, said: Mapping[str, str | float | int]) -> None:
    """Metadata, if there are any."""
    if said:
        notes = group.create_group("metadata")
        for key, value in said.items():
            _put(notes, key, value)


def _put(group: Any, key: str, value: Any) -> None:
    """A dataset: a text, a number, or an array, which is packed."""
    import h5py

    if isinstance(value, str):
        group.create_dataset(key, data=str(value), dtype=h5py.string_dtype())
    elif np.size(value) >= PACKED:
        group.create_dataset(key, data=value, compression="gzip")
    else:
        group.create_dataset(key, data=value)
