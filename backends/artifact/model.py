"""A compiled network on disk: its graph, its weights, and what its target adds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...ir.diagnostics import CompileError
from ...ir.graph import Call, Graph, Value
from ...ir.text import parse_graph, print_graph
from ...ir.verify import PROPERTIES, GraphError, verify
from ..protocols import LARGEST_SEED, Weights
from .manifest import Json
from .package import damaged, read_package, write_package
from .tensors import Arrays, decode_tensors, encode_tensors

KIND = "model"
GRAPH = "graph.snnir"
WEIGHTS = "weights.safetensors"
TENSORS = "tensors.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network with weights. `seed` fixes its wiring and its frozen encodings; `data` is what it
    was written to learn, if anything; `extras` are the target's own members."""

    graph: Graph
    weights: Weights
    seed: int
    target: str
    data: Call | None = None
    extras: Mapping[str, bytes] = field(default_factory=dict)


def graph_digest(graph: Graph) -> str:
    """A checksum of all that the network means: its text and the arrays that it names."""
    content = print_graph(graph).encode() + encode_tensors(graph.tensors)
    return hashlib.sha256(content).hexdigest()


def save_model(path: Path, model: Model) -> None:
    """Write the model as a package: one file if the path ends in .snnpkg, else a folder."""
    members = {
        GRAPH: print_graph(model.graph).encode(),
        WEIGHTS: encode_tensors(model.weights),
        TENSORS: encode_tensors(model.graph.tensors),
    }
    assert not members.keys() & model.extras.keys()
    facts = {
        "target": model.target,
        "graph": graph_digest(model.graph),
        "seed": model.seed,
        "data": None if model.data is None else _call_to_json(model.data),
    }
    write_package(path, KIND, facts, {**members, **model.extras})


def open_model(path: Path) -> Model:
    """The model in a package; CompileError(E060) if anything in it is not as it was written."""
    manifest, members = read_package(path, KIND)
    try:
        text, weights, tensors = (members.pop(name) for name in (GRAPH, WEIGHTS, TENSORS))
        graph = _parse(text, decode_tensors(tensors), path)
        arrays = _weights(graph, decode_tensors(weights), path)
        facts = manifest.facts
        seed, target, data = _seed(facts["seed"]), str(facts["target"]), facts["data"]
        call = None if data is None else _call_from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"it lacks something: {error}") from error
    return Model(graph, arrays, seed, target, call, members)


def _seed(document: Json) -> int:
    if type(document) is not int or not 0 <= document <= LARGEST_SEED:
        raise ValueError("a seed is a whole number from 0 to 2^64 - 1")
    return document


def _parse(text: bytes, tensors: Arrays, path: Path) -> Graph:
    try:
        graph = parse_graph(text.decode("utf-8"), tensors)
        held = verify(graph)
    except UnicodeDecodeError as error:
        raise damaged(path, "its graph cannot be read: it is not UTF-8 text") from error
    except GraphError as error:
        raise damaged(path, f"its graph is inconsistent: {error}") from error
    except CompileError as error:
        problem = error.diagnostics[0].message
        raise damaged(path, f"its graph cannot be read: {problem}") from error
    if held != frozenset(PROPERTIES):
        lacking = ", ".join(sorted(frozenset(PROPERTIES) - held))
        raise damaged(path, f"its graph was not compiled to the end: it lacks {lacking}")
    return graph


def _weights(graph: Graph, arrays: Arrays, path: Path) -> Arrays:
    wanted = {projection.name for projection in graph.projections}
    if set(arrays) != wanted:
        name = min(set(arrays) ^ wanted)
        raise damaged(path, f"its weights do not fit its graph at the projection `{name}`")
    for name, array in arrays.items():
        if array.dtype != np.float32:
            raise damaged(path, f"the weights of `{name}` are {array.dtype}, not float32")
    return arrays


def _call_to_json(call: Call) -> Json:
    return {"kind": call.kind, "arguments": [[name, _plain(v)] for name, v in call.arguments]}


def _plain(value: Value) -> Json:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    assert isinstance(value, float | int | bool | str)
    return value


def _call_from_json(document: Json) -> Call:
    arguments = tuple((str(k), _value(v)) for k, v in document["arguments"])
    return Call(str(document["kind"]), arguments)


def _value(document: Json) -> Value:
    if isinstance(document, list):
        return tuple(_value(v) for v in document)
    if isinstance(document, float | int | bool | str):
        return document
    raise ValueError("a value of another kind")
