"""Which sample comes when, and how much it counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Separates this use of the generator from all others.
PURPOSE = 0x0BDE5


def epoch_order(seed: int, epoch: int, samples: int) -> npt.NDArray[np.int64]:
    """The order of an epoch: a full shuffle that depends on nothing but the arguments.

    Sorting raw numbers of a counter-based generator: NumPy promises that stream for ever, but
    not the one of `permutation`.
    """
    key = np.array([seed % 2**64, PURPOSE + (epoch << 20)], np.uint64)
    raw = np.random.Philox(key=key).random_raw(samples)
    return np.argsort(raw, kind="stable").astype(np.int64)


def boosted(
    importance: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    predictions: npt.NDArray[np.int32],
) -> npt.NDArray[np.float32]:
    """The samples' importance after an epoch.

    For each class c, eps = sum of w over its wrong samples / sum of w over all of its samples;
    every wrong sample of c takes w * exp(eps / 20). Nothing is normalised afterwards.
    """
    weights = importance.astype(np.float64)
    wrong = predictions != labels
    classes = int(labels.max(initial=0)) + 1
    total = np.bincount(labels, weights, classes)
    missed = np.bincount(labels[wrong], weights[wrong], classes)
    rate = np.divide(missed, total, out=np.zeros(classes), where=total > 0)
    weights[wrong] *= np.exp(rate[labels[wrong]] / 20.0)
    return weights.astype(np.float32)
