"""Connectivities that pick pairs of neurons: all, one to one, listed, by a condition.

Each `check_…` refuses wrong arguments and sizes without building anything; each wiring function
may rely on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..calls import expression
from ..expr import evaluate, names
from ..graph import Projection
from ..types import DType, Shape, size
from .arguments import refuse
from .kinds import MAX_SYNAPSES, AllPairs, Listed, order_of, sorted_pairs
from .streams import Streams

# Pairs are looked at in slabs of about this many, so that memory stays small.
SLAB = 1 << 20
# Where each pair is looked at, so many take minutes; more would seem to hang.
MOST_PAIRS = 1 << 36


def slabs(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Ranges [first, last) of rows that hold about SLAB pairs each."""
    step = max(1, SLAB // max(1, columns))
    for first in range(0, rows, step):
        yield first, min(rows, first + step)


def check_looked_at(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if there are more pairs than can be looked at one by one."""
    pairs = size(pre_shape) * size(post_shape)
    way_out = "use `sparse`, or smaller populations"
    _check_count(projection, pairs, MOST_PAIRS, f"would look at {pairs} pairs", way_out)


def check_all_pairs(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if all pairs are more than can be numbered."""
    pairs = size(pre_shape) * size(post_shape)
    way_out = "use `sparse` or `fixed_fan_in`"
    _check_count(projection, pairs, MAX_SYNAPSES, f"makes {pairs} synapses", way_out)


def _check_count(projection: Projection, count: int, most: int, what: str, way_out: str) -> None:
    if count > most:
        message = f"`{projection.connectivity.kind}` {what}; at most {most} are possible"
        raise refuse(projection, message, way_out)


def dense(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> AllPairs:
    """All pairs, held as a matrix."""
    return AllPairs(size(pre_shape), size(post_shape))


def one_to_one(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """The pairs (k, k)."""
    neurons = np.arange(size(pre_shape), dtype=np.int32)
    return sorted_pairs(neurons, neurons, len(neurons), len(neurons))


def check_lateral(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 unless a population is joined to itself."""
    if projection.pre != projection.post:
        raise refuse(
            projection,
            f"`lateral_inhibition` joins a population to itself, not `{projection.pre}` to "
            f"`{projection.post}`",
            f"write `{projection.post} -> {projection.post}`",
        )
    check_all_pairs(projection, pre_shape, post_shape)


def lateral_inhibition(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """All pairs i != j."""
    neurons = size(pre_shape)
    pre = np.repeat(np.arange(neurons, dtype=np.int32), neurons - 1)
    post = np.tile(np.arange(neurons - 1, dtype=np.int32), neurons)
    return sorted_pairs(pre, post + (post >= pre), neurons, neurons)


def listed_pairs(projection: Projection) -> npt.NDArray[np.int64]:
    """The pairs of a `list` in the order given, int64 [synapses, 2]."""
    synapses = projection.connectivity["synapses"]
    assert isinstance(synapses, tuple)
    flat = np.array([int(index) for pair in synapses for index in pair], np.int64)
    return flat.reshape(-1, 2)


def check_list(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 if a listed synapse names no neuron or stands twice."""
    pairs = listed_pairs(projection)
    sides = ((projection.pre, size(pre_shape)), (projection.post, size(post_shape)))
    for side, (population, neurons) in enumerate(sides):
        outside = np.flatnonzero((pairs[:, side] < 0) | (pairs[:, side] >= neurons))
        if len(outside):
            raise refuse(
                projection,
                f"synapse {outside[0]} of the list names neuron {pairs[outside[0], side]} of "
                f"`{population}`, which has {neurons}",
                f"indices of `{population}` go from 0 to {neurons - 1}",
            )
    _refuse_repeated(projection, pairs)


def _refuse_repeated(projection: Projection, pairs: npt.NDArray[np.int64]) -> None:
    ordered = pairs[order_of(pairs[:, 0], pairs[:, 1])]
    repeated = np.flatnonzero((ordered[1:] == ordered[:-1]).all(axis=1))
    if len(repeated):
        pre, post = ordered[repeated[0]]
        raise refuse(
            projection,
            f"the list gives the synapse {pre} -> {post} more than once",
            "add the weights up, or put the second one into a projection of its own",
        )


def listed(projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams) -> Listed:
    """The pairs of the list, sorted."""
    pairs = listed_pairs(projection)
    pairs = pairs[order_of(pairs[:, 0], pairs[:, 1])]
    return sorted_pairs(pairs[:, 0], pairs[:, 1], size(pre_shape), size(post_shape))


def check_expression(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 unless `where` is a condition over i and j, and the pairs can be looked at."""
    check_looked_at(projection, pre_shape, post_shape)
    where = expression(projection.connectivity, "where")
    if where.dtype is not DType.BOOL:
        raise refuse(projection, "`where` must be a condition", "compare i and j, as in `i < j`")
    unknown = sorted(names(where) - {"i", "j"})
    if unknown:
        raise refuse(projection, f"`where` reads `{unknown[0]}`; it may read i and j only")


def where_pairs(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Listed:
    """All pairs (i, j) of flat indices where the condition holds."""
    where = expression(projection.connectivity, "where")
    pre, post = size(pre_shape), size(post_shape)
    found: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
    synapses = 0
    for first, last in slabs(pre, post):
        i, j = np.arange(first, float(last))[:, None], np.arange(float(post))[None, :]
        with np.errstate(all="ignore"):
            mask = evaluate(where, {"i": i, "j": j}, np.float64)
        rows, columns = np.nonzero(np.broadcast_to(mask, (last - first, post)))
        found.append(((rows + first).astype(np.int32), columns.astype(np.int32)))
        synapses += len(rows)
        if synapses > MAX_SYNAPSES:
            raise refuse(projection, f"`expression` makes more than {MAX_SYNAPSES} synapses")
    sources = np.concatenate([rows for rows, _ in found])
    return sorted_pairs(sources, np.concatenate([columns for _, columns in found]), pre, post)
