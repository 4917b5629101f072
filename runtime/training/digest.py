"""A checksum of all that a training's weights depend on."""

from __future__ import annotations

import hashlib

import numpy as np

from ...backends.artifact.model import graph_digest
from ...ir.graph import Call, Graph, TrainSpec
from ...ir.rules import TRAIN_ENTRIES, TrainEntry
from ..samples import Presentation

# A run may be prolonged, and its data may move.
LEFT_OUT = ("epochs", "data")


def run_digest(graph: Graph, spec: TrainSpec, train: Presentation, seed: int) -> str:
    """The checksum of the network, the training and its data, on whatever target.

    What is at its default is left out, so that a run goes on where a later version of snncc knows
    one argument more.
    """
    words = [graph_digest(graph), repr(_said(spec)), repr(seed)]
    checksum = hashlib.sha256("\n".join(words).encode())
    for array in (train.values, train.labels, train.ids):
        checksum.update(repr((array.dtype.str, array.shape)).encode())
        checksum.update(np.ascontiguousarray(array).data)
    return checksum.hexdigest()


def _said(spec: TrainSpec) -> list[tuple[str, object]]:
    """The entries of the block and the arguments of its calls that are not at their default."""
    values = {name: spec.entries.get(name) for name in TRAIN_ENTRIES if name not in LEFT_OUT}
    return [
        (name, _but_defaults(value, TRAIN_ENTRIES[name]))
        for name, value in values.items()
        if value != TRAIN_ENTRIES[name].default
    ]


def _but_defaults(value: object, entry: TrainEntry) -> object:
    if isinstance(value, tuple):
        return [_but_defaults(each, entry) for each in value]
    row = entry.row_of(value) if isinstance(value, Call) else None
    if not isinstance(value, Call) or row is None:
        return value
    defaults = {argument.name: argument.default for argument in row.arguments}
    return value.kind, sorted((n, v) for n, v in value.arguments if v != defaults.get(n))
