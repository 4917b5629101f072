"""Synapses row by row: pieces of a list, sorted by (pre, post), that are drawn by themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .kinds import IntArray, Listed

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


def joined(pieces: list[Rows], pre_neurons: int, post_neurons: int) -> Listed:
    """The wiring of all rows; `pieces` is left empty, so that nothing is held twice."""
    counts = np.concatenate([np.zeros(0, np.int32), *(piece.counts for piece in pieces)])
    post, done = np.empty(int(counts.sum(dtype=np.int64)), np.int32), 0
    for k, piece in enumerate(pieces):
        post[done : done + len(piece.ends)] = piece.ends
        done += len(piece.ends)
        pieces[k] = Rows(piece.counts, piece.ends[:0].copy())
    pieces.clear()
    pre = np.repeat(np.arange(pre_neurons, dtype=np.int32), counts)
    return Listed(pre_neurons, post_neurons, pre, post)


class Columns(NamedTuple):
    """Synapses of some post neurons in buckets of pre neurons, in each by post neuron: pre neuron
    within the bucket, u16, post neuron, i32, and the buckets' bounds."""

    pre: npt.NDArray[np.uint16]
    post: IntArray
    edges: npt.NDArray[np.int64]


def bucket_bits(each: float, rows: int) -> int:
    """Bits of the number of rows in a bucket, where `each` has so many synapses; a bucket's number
    and that of a row in it have 16 bits at most, by which NumPy sorts in linear time."""
    fit = int(np.log2(BUCKET / max(each, 1.0))) if each < BUCKET else 0
    return min(16, max(fit, (rows - 1).bit_length() - 16, 0))


def in_buckets(pre: IntArray, post: IntArray, bits: int, rows: int) -> Columns:
    """Pairs by post neuron, put in buckets of 2^bits pre neurons."""
    bucket = (pre >> bits).astype(np.uint16)
    order = np.argsort(bucket, kind="stable")
    counts = np.bincount(bucket, minlength=-(-rows // (1 << bits)))
    low = (pre & ((1 << bits) - 1)).astype(np.uint16)
    return Columns(low[order], post[order], np.concatenate([[0], np.cumsum(counts)]))


def rows_of_bucket(pieces: list[Columns], bucket: int, bits: int, rows: int) -> Rows:
    """The rows of a bucket, from pieces in the order of their post neurons."""
    spans = [slice(*piece.edges[bucket : bucket + 2]) for piece in pieces]
    pre = np.concatenate([piece.pre[span] for piece, span in zip(pieces, spans, strict=True)])
    post = np.concatenate([piece.post[span] for piece, span in zip(pieces, spans, strict=True)])
    order = np.argsort(pre, kind="stable")
    first, last = bounds_of(bucket, 1 << bits, rows)
    return Rows(np.bincount(pre, minlength=last - first).astype(np.int32), post[order])
