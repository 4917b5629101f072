"""A part of the training data that is not learnt from, to choose the best epoch by."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic, Span
from ..samples import Presentation

# Separates this use of the generator from all others.
PURPOSE = 0x401D0


class Held(NamedTuple):
    """The samples to learn from, and those held out."""

    rest: Presentation
    out: Presentation


def hold_out(samples: Presentation, share: float, seed: int, span: Span | None = None) -> Held:
    """The samples without a share of every class, and that share; both in their old order.

    Which samples it takes depends on their labels and the seed alone. CompileError(E062) if it
    comes to none at all.
    """
    counts = np.bincount(samples.labels)
    taken = _rank(samples.labels, counts, seed) < _quotas(counts, share)[samples.labels]
    if taken.any():
        return Held(*(samples.part(np.flatnonzero(chosen)) for chosen in (~taken, taken)))
    message = f"a share of {share:g} of {len(samples)} training samples holds none out"
    way_out = "hold a larger share out, or leave `holdout` out"
    raise CompileError(Diagnostic("E062", message, span, help=way_out))


def _quotas(counts: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.int64]:
    """How many samples of each class are held out: of all together the share, rounded, and of each
    within one sample of it; one of every class stays."""
    ends = np.floor(share * np.cumsum([0, *counts]) + 0.5).astype(np.int64)
    return np.minimum(np.diff(ends), np.maximum(counts - 1, 0))


def _rank(
    labels: npt.NDArray[np.int32], counts: npt.NDArray[np.int64], seed: int
) -> npt.NDArray[np.int64]:
    """The place of each sample among those of its class, in a random order."""
    key = np.array([seed % 2**64, PURPOSE], np.uint64)
    raw = np.random.Philox(key=key).random_raw(len(labels))
    order = np.lexsort((raw, labels))
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank
