"""A checksum of all that a training's weights depend on."""

from __future__ import annotations

import hashlib

import numpy as np

from ...backends.artifact.model import graph_digest
from ...ir.graph import Graph, TrainSpec
from ..samples import Presentation


def program_digest(
    graph: Graph, spec: TrainSpec, train: Presentation, seed: int, target: str
) -> str:
    """The checksum of the network, the training and its data.

    The number of epochs is left out, because a run may be prolonged; so is where the data lie.
    """
    calls = (spec.rule, spec.optimizer, spec.schedule, spec.regularizer)
    words = [graph_digest(graph), repr(calls), repr((spec.batch, spec.boost, seed, target))]
    checksum = hashlib.sha256("\n".join(words).encode())
    for array in (train.values, train.labels, train.ids):
        checksum.update(repr((array.dtype.str, array.shape)).encode())
        checksum.update(np.ascontiguousarray(array).data)
    return checksum.hexdigest()
