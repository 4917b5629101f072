"""From a NIR file to its graph, which is checked as far as one node goes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...ir.nir.graph import (
    DAMAGED,
    GRAPH,
    KINDS,
    SPIKING,
    UNFIT,
    Array,
    Edge,
    Field,
    NirGraph,
    Node,
    refusal,
)
from ...ir.nir.said import KEYS, MARKS, NirFile, Said, is_text, key_of, said
from ...ir.report import nearest
from .hdf5 import MOST_NAME, Group, opened

SPIKES = SPIKING | {"Threshold"}
MOST_DEPTH = 8  # graphs within graphs
LARGEST = float(np.finfo(np.float32).max)
NEWEST = 1  # the first number of a version


def read_graph(path: Path) -> NirFile:
    """The graph of a NIR file, versions 0.1.1 to 1.0.x.

    CompileError: E090 for what is no such file, or is damaged; E091 for nodes that are unknown.
    Edges may lead to nodes that are not there: see `repair`.
    """
    with opened(path) as file:
        version = _version(file)
        if "node" not in file:
            raise refusal(DAMAGED, f"`{path.name}` is HDF5, but no NIR: it has no `node`")
        root = file.group("node")
        node, told = _node(root, "", 0), _said(root)
    if node.graph is None:
        message = f"`{path.name}` holds a single {node.kind}, not a graph"
        raise refusal(UNFIT, message, "write a NIRGraph with an Input and an Output")
    return NirFile(path.name, version, node.graph, told)


def _version(file: Group) -> str:
    if "version" not in file:
        return ""
    version = file.text("version")
    found = re.match(r"(\d{1,4})\.", version)
    if found is None or int(found[1]) > NEWEST:
        message = f"`{file.where}` is of NIR {version[:40]}, which is not known here"
        raise refusal(UNFIT, message, "write it by nir 1.0")
    return version


def _said(group: Group) -> Said:
    """What its metadata say under our keys; others are not looked at."""
    if "metadata" not in group:
        return Said()
    inside = group.group("metadata")
    return said({key: _value(inside, key) for key in KEYS if key in inside})


def _value(group: Group, key: str) -> str | float:
    if is_text(key):
        return group.text(key)
    found = group.numbers(key)
    if found.size != 1:
        raise refusal(DAMAGED, f"{group.where}/{key} is not one number")
    return float(found.ravel()[0])


def _node(group: Group, name: str, depth: int) -> Node:
    kind = group.text("type")
    if kind not in KINDS:
        message = f"{group.where} is a `{kind[:60]}`, a kind of node that is not known here"
        raise refusal(UNFIT, message, nearest(kind, KINDS))
    if kind == GRAPH:
        return Node(name, kind, {}, _graph(group, depth))
    fields = {field.name: _field(group, field) for field in KINDS[kind] if _has(group, field)}
    told = {} if kind not in SPIKES else _said(group).given()
    marks = {mark: str(told[key_of(mark)]) for mark in MARKS if key_of(mark) in told}
    return Node(name, kind, fields, marks=marks)


def _has(group: Group, field: Field) -> bool:
    return not field.is_optional or group.is_dataset(field.name)


def _field(group: Group, field: Field) -> Array | str:
    if field.form == "padding" and group.is_text(field.name):
        return group.text(field.name)
    found = group.numbers(field.name)
    where = f"{group.where}/{field.name}"
    if not found.size and not field.is_optional and field.name != "shape":
        raise refusal(DAMAGED, f"{where} is empty", "write the file anew")
    if np.any(np.abs(found.astype(np.float64)) > LARGEST):
        raise refusal(UNFIT, f"{where} holds numbers that single precision has not")
    is_real = found.dtype.kind == "f"
    if field.form != "numbers" and is_real and not np.all(found == np.floor(found)):
        raise refusal(DAMAGED, f"{where} holds numbers that are not whole")
    return found


def _graph(group: Group, depth: int) -> NirGraph:
    if depth >= MOST_DEPTH:
        raise refusal(DAMAGED, f"{group.where} lies more than {MOST_DEPTH} graphs deep")
    inside = group.group("nodes")
    nodes = {name: _node(own, name, depth + 1) for name, own in _named(inside, "", depth)}
    edges = [_edge(row, group.where) for row in group.texts("edges")]
    twice = next((edge for edge, count in Counter(edges).items() if count > 1), None)
    if twice is not None:
        message = f"{group.where} has the edge `{twice[0]}` -> `{twice[1]}` twice"
        raise refusal(UNFIT, message, "leave one out, or double the weights")
    return NirGraph(nodes, tuple(edges))


def _named(group: Group, before: str, depth: int) -> Iterator[tuple[str, Group]]:
    """The groups of nodes by name. HDF5 makes of a node `a/b` a group `b` in a group `a`, which has
    no type of its own."""
    for name in group.names():
        own = group.group(name)
        parts = [] if "type" in own or depth >= MOST_DEPTH else own.names()
        if not parts or any(own.is_dataset(part) for part in parts):
            yield before + name, own
        else:
            yield from _named(own, f"{before}{name}/", depth + 1)


def _edge(row: list[str], where: str) -> Edge:
    """An edge, whose ends may be nodes that are not there: see `repair`."""
    if len(row) != 2:
        raise refusal(DAMAGED, f"{where} has edges of {len(row)} ends")
    if max(map(len, row)) > MOST_NAME:
        raise refusal(DAMAGED, f"{where} has an edge to a name of more than {MOST_NAME} letters")
    return row[0], row[1]
