"""Synapses row by row: pieces of a list, sorted by (pre, post), that are drawn by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .kinds import IntArray, Listed, spans

Positions = npt.NDArray[Any]
PIECE = 1 << 18  # synapses that are drawn at a time, about
BUCKET = 1 << 18  # synapses that are sorted at a time, about
FARTHEST = 1 << 50  # position within a piece, so that float64 tells it from the next


class Rows(NamedTuple):
    """Synapses of some neurons that follow each other: how many each has, i32, and the other ends
    of all of them, i32, ascending in each row."""

    counts: IntArray
    ends: IntArray


def rows_at_once(each: float, columns: int) -> int:
    """Rows of `columns` pairs that a piece has, where `each` has so many synapses."""
    most = max(1, FARTHEST // max(1, columns))
    return most if each <= 0.0 else int(min(most, max(1.0, PIECE / each)))


def bounds_of(piece: int, at_once: int, rows: int) -> tuple[int, int]:
    """[first, last) of a piece's rows."""
    return piece * at_once, min(rows, (piece + 1) * at_once)


def rows_from(positions: Positions, first: int, last: int, columns: int, skips: bool) -> Rows:
    """The rows first:last of `columns` positions each, of those that are chosen, ascending; where
    it `skips`, no position stands for a row's own number."""
    edges = np.searchsorted(positions, np.arange(last - first + 1) * np.int64(columns))
    counts = np.diff(edges)
    row = np.repeat(np.arange(last - first), counts)
    ends = positions - row * np.int64(columns)
    if skips:
        ends += ends >= row + first
    return Rows(counts.astype(np.int32), ends.astype(np.int32))


def joined(pieces: Iterable[Rows], room: int) -> Rows:
    """All rows, for which there is room for so many synapses at once. What is not filled of it is
    no memory yet; where it is too little, more is made."""
    counts, ends, done = list[IntArray](), np.empty(room, np.int32), 0
    for piece in pieces:
        counts.append(piece.counts)
        missing = done + len(piece.ends) - len(ends)
        if missing > 0:
            ends = np.append(ends[:done], np.empty(missing + room // 8, np.int32))
        ends[done : done + len(piece.ends)] = piece.ends
        done += len(piece.ends)
    return Rows(np.concatenate([np.zeros(0, np.int32), *counts]), ends[:done])


def without(rows: Rows, places: npt.NDArray[Any]) -> Rows:
    """The rows but for the synapses at these places, ascending, in the memory of all."""
    owners = np.searchsorted(np.cumsum(rows.counts, dtype=np.int64), places, side="right")
    np.subtract.at(rows.counts, owners, 1)
    done = 0
    for span in spans(len(rows.ends)):
        first, last = np.searchsorted(places, (span.start, span.stop))
        kept = np.delete(rows.ends[span], places[first:last] - span.start)
        rows.ends[done : done + len(kept)] = kept
        done += len(kept)
    return Rows(rows.counts, rows.ends[:done])


def listed(rows: Rows, post_neurons: int) -> Listed:
    """The wiring of the rows of all pre neurons."""
    pre_neurons = len(rows.counts)
    pre = np.repeat(np.arange(pre_neurons, dtype=np.int32), rows.counts)
    return Listed(pre_neurons, post_neurons, pre, rows.ends)


class Columns(NamedTuple):
    """Synapses of all post neurons, those of each piece in buckets of pre neurons, in each by post
    neuron: the pre neuron within the bucket, u16, the post neuron, i32."""

    pre: npt.NDArray[np.uint16]
    post: IntArray


def bucket_bits(each: float, rows: int) -> int:
    """Bits of the number of rows in a bucket, where `each` has so many synapses; a bucket's number
    and that of a row in it have 16 bits at most, by which NumPy sorts in linear time."""
    fit = int(np.log2(BUCKET / max(each, 1.0))) if each < BUCKET else 0
    return min(16, max(fit, (rows - 1).bit_length() - 16, 0))


def put_in_buckets(
    columns: Columns, place: slice, pre: IntArray, post: IntArray, bits: int
) -> npt.NDArray[np.int64]:
    """Put a piece's pairs, by post neuron, into its place, in buckets of 2^bits pre neurons; the
    bounds of these."""
    bucket = (pre >> bits).astype(np.uint16)
    order = np.argsort(bucket, kind="stable")
    columns.pre[place] = (pre & ((1 << bits) - 1)).astype(np.uint16)[order]
    columns.post[place] = post[order]
    return np.append(0, np.cumsum(np.bincount(bucket))) + np.int64(place.start)


def rows_of_bucket(columns: Columns, parts: list[slice], rows: int) -> Rows:
    """The rows of a bucket of so many, from its part in each piece."""
    pre, post = (np.concatenate([array[part] for part in parts]) for array in columns)
    order = np.argsort(pre, kind="stable")
    return Rows(np.bincount(pre, minlength=rows).astype(np.int32), post[order])
