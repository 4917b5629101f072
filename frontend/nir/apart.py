"""NIR files read in a process of their own.

The library of HDF5 does not come back from some damaged files, and others may end it: what reads
them is a second Python, of which time and memory are bounded, and which hands over plain data.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file, save_file

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.nir.graph import DAMAGED, Array, NirGraph, Node, refusal
from ...ir.nir.said import NirFile, said
from .hdf5 import most_of, size_of
from .reader import read_graph

SECONDS = 20.0  # of a small file
BYTES_PER_SECOND = 2e6  # of a large one
MEMORY = 512 << 20  # [bytes] beside the numbers, which are there three times while they are packed
STATUS = Path("/proc/self/statm")  # of Linux: the pages that a process has
GRAPH, ARRAYS = "graph.json", "arrays.safetensors"
_START = "import sys; sys.path[:] = sys.argv[3:]; from {module} import main; main(*sys.argv[1:3])"


def read_nir(path: Path, seconds: float = SECONDS) -> NirFile:
    """The graph of a NIR file, versions 0.1.1 to 1.0.x; CompileError as `read_graph`, and E090 for
    a file that cannot be read within `seconds`, or more for a large one, or ends who reads it."""
    seconds += size_of(path) / BYTES_PER_SECOND
    with tempfile.TemporaryDirectory(prefix="snncc-") as folder:
        start = _START.format(module=__name__)
        command = [sys.executable, "-c", start, str(path), folder, *sys.path]
        try:
            done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise _damaged(path, f"it was not read within {seconds:.3g} s") from None
        if done.returncode != 0 or not (Path(folder) / GRAPH).is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise _damaged(path, f"reading it ended with {done.returncode} {' '.join(said)[:200]}")
        return _handed(path, Path(folder))


def _damaged(path: Path, reason: str) -> CompileError:
    return refusal(
        DAMAGED, f"cannot read `{path.name}`: {reason}", "make it anew, or copy it again"
    )


def main(path: str, folder: str) -> None:
    """Read a file and hand it over: what the second process does."""
    held = int(STATUS.read_text().split()[0]) * resource.getpagesize() if STATUS.is_file() else 0
    limit = held + MEMORY + 3 * most_of(Path(path))
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = Path(folder)
    arrays: dict[str, Array] = {}
    try:
        file = read_graph(Path(path))
        document: dict[str, Any] = {"version": file.version, "said": file.said.given()}
        document["graph"] = _packed(file.graph, arrays)
    except CompileError as error:
        document = {"refused": [(d.code, d.message, d.help) for d in error.diagnostics]}
    if arrays:
        save_file(arrays, out / ARRAYS)
    (out / GRAPH).write_text(json.dumps(document))


def _packed(graph: NirGraph, arrays: dict[str, Array]) -> dict[str, Any]:
    nodes = []
    for node in graph.nodes.values():
        fields: dict[str, Any] = {}
        for name, value in node.fields.items():
            fields[name] = value if isinstance(value, str) else len(arrays)
            if not isinstance(value, str):
                arrays[str(len(arrays))] = value
        inner = None if node.graph is None else _packed(node.graph, arrays)
        nodes.append([node.name, node.kind, fields, inner, dict(node.marks)])
    return {"nodes": nodes, "edges": graph.edges}


def _handed(path: Path, folder: Path) -> NirFile:
    document = json.loads((folder / GRAPH).read_text())
    if "refused" in document:
        raise CompileError(
            Diagnostic(code, message, help=way_out)
            for code, message, way_out in document["refused"]
        )
    held = folder / ARRAYS
    arrays = load_file(held) if held.is_file() else {}
    graph = _unpacked(document["graph"], arrays)
    return NirFile(path.name, document["version"], graph, said(document["said"]))


def _unpacked(graph: dict[str, Any], arrays: dict[str, Array]) -> NirGraph:
    nodes = {}
    for name, kind, fields, inner, marks in graph["nodes"]:
        held = {f: v if isinstance(v, str) else arrays[str(v)] for f, v in fields.items()}
        within = None if inner is None else _unpacked(inner, arrays)
        nodes[name] = Node(name, kind, held, within, marks)
    return NirGraph(nodes, tuple((a, b) for a, b in graph["edges"]))
