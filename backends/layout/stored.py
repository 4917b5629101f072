"""A layout as a package: `layout.snnpkg`, or a folder."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np

from ...ir.tensors import Tensor
from ...ir.text import parse_graph, parse_type, print_graph
from ...ir.verify import GraphError, verify
from ..artifact.model import NEEDED
from ..artifact.package import UNFIT, damaged, read_package, write_package
from ..artifact.tensors import decode_tensors, encode_tensors
from ..mapping.limits import Mesh
from .image import Layout
from .recount import faults

KIND = "layout"
GRAPH, VALUES, CORES = "graph.snnir", "values.safetensors", "cores.safetensors"
_CORES = ("slot", "neuron_start", "neuron", "axon_start", "sender")
ARRAYS = (*_CORES, "synapse_start", "post", "weight", "via", "route_start", "route")


def save_layout(path: Path, layout: Layout, digest: str) -> None:
    """Write a layout of the network with that digest."""
    arrays = {name: getattr(layout, name) for name in ARRAYS}
    values = {name: value.array for name, value in layout.values.items()}
    members = {
        GRAPH: print_graph(layout.graph).encode(),
        VALUES: encode_tensors(values),
        CORES: encode_tensors(arrays),
    }
    said = {
        "chip": layout.chip,
        "mesh": list(astuple(layout.mesh)),
        "network": digest,
        "types": {name: str(value.dtype) for name, value in layout.values.items()},
    }
    write_package(path, KIND, said, members)


def open_layout(path: Path) -> tuple[Layout, str]:
    """A layout and the digest of its network; CompileError(E060) if it is not as it was written."""
    manifest, members = read_package(path, KIND)
    facts = manifest.facts
    try:
        graph = parse_graph(members[GRAPH].decode(), {})
        types, values = facts["types"], decode_tensors(members[VALUES])
        tensors = {name: Tensor(array, parse_type(types[name])) for name, array in values.items()}
        arrays = decode_tensors(members[CORES])
        mesh = Mesh(*(int(k) for k in facts["mesh"]))
        own = {name: arrays[name] for name in ARRAYS}
        layout = Layout(str(facts["chip"]), graph, tensors, mesh, **own)
        lacking = NEEDED - verify(graph)
        wrong = f"its graph lacks {min(lacking)}" if lacking else _problem(layout)
    except (*UNFIT, GraphError) as error:
        raise damaged(path, f"it lacks something: {error}") from error
    if wrong:
        raise damaged(path, wrong)
    return layout, str(facts["network"])


def _problem(layout: Layout) -> str:
    """Why no core could work with it; "" if all can."""
    starts = [
        (layout.neuron_start, layout.cores, len(layout.neuron)),
        (layout.axon_start, layout.cores, len(layout.sender)),
        (layout.synapse_start, len(layout.sender), len(layout.post)),
        (layout.route_start, layout.numbering.senders, len(layout.route)),
    ]
    fit = all(
        s.shape == (n + 1,) and s[0] == 0 and s[-1] == end and (np.diff(s) >= 0).all()
        for s, n, end in starts
    )
    if not fit or any(a.shape != layout.post.shape for a in (layout.weight, layout.via)):
        return "its tables do not fit each other"
    return next(faults(layout), "")
