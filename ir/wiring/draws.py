"""What is drawn of a piece: trials that succeed, arrivals, distinct numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[Any]
BATCH = 1 << 20


def successes(p: float, trials: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """The positions, ascending, of those of independent trials that succeed with probability p, by
    the geometric gaps between them (Batagelj & Brandes, Phys. Rev. E 71:036113, 2005)."""
    found: list[npt.NDArray[np.int64]] = []
    position = -1
    while p > 0.0 and position < trials - 1:
        # A gap longer than all trials is as good as one that just leaves them.
        gaps = np.minimum(generator.geometric(p, _batch(p * (trials - position))), trials + 1)
        within = int(np.searchsorted(np.cumsum(gaps, dtype=np.float64), float(trials - position)))
        found.append(position + np.cumsum(gaps[: within + 1]))
        position = int(found[-1][-1])
    positions = np.concatenate(found) if found else np.zeros(0, np.int64)
    return positions[positions < trials]


def arrivals(rate: float, trials: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """The positions, ascending, at which a Poisson process of so many a position arrives, several
    times at some: the trials of `successes` with repetition, by exponential gaps."""
    found: list[npt.NDArray[np.float64]] = []
    position = 0.0
    while rate > 0.0 and position < trials:
        gaps = generator.standard_exponential(_batch(rate * (trials - position))) / rate
        found.append(position + np.cumsum(gaps))
        position = float(found[-1][-1])
    times = np.concatenate(found) if found else np.zeros(0)
    return np.floor(times[times < trials]).astype(np.int64)


def _batch(expected: float) -> int:
    return int(min(BATCH, expected + 4.0 * np.sqrt(expected) + 16.0))


def distinct(rows: int, k: int, among: int, generator: np.random.Generator) -> Ints:
    """In each row k distinct numbers below `among`, ascending, every choice of them as likely.

    Numbers that are there already are drawn again until none is. What there is and what it depends
    on treat all numbers alike, hence so does the choice. Of more than half, those that are left
    out are drawn.
    """
    if 2 * k > among:
        left_out = distinct(rows, among - k, among, generator)
        kept = np.ones((rows, among), np.bool_)
        np.put_along_axis(kept, left_out.astype(np.int64), False, axis=1)
        return np.nonzero(kept)[1].reshape(rows, k).astype(left_out.dtype)
    drawn = with_repetition(rows, k, among, generator)
    undone = np.arange(rows)
    while len(undone):
        row, column = np.nonzero(drawn[undone, 1:] == drawn[undone, :-1])
        again = undone[row]
        drawn[again, column + 1] = generator.integers(0, among, len(again), drawn.dtype)
        undone = np.unique(again)
        drawn[undone] = np.sort(drawn[undone], axis=1)
    return drawn


def with_repetition(rows: int, k: int, among: int, generator: np.random.Generator) -> Ints:
    """In each row k independent numbers below `among`, ascending."""
    kind = np.int32 if among < 2**31 else np.int64
    drawn = generator.integers(0, max(among, 1), (rows, k), kind)
    drawn.sort(axis=1)
    return drawn
