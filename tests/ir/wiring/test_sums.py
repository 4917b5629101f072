"""Sums through windows: those of their synapses, one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from snncc.ir.wiring import Planes, Windows, through_windows


def drawn_windows(seed: int) -> Windows:
    """Windows of any groups, stride, padding and kernel, up to one as large as the plane."""
    draw = Random(seed)
    channels, height, width = draw.randint(1, 3), draw.randint(1, 7), draw.randint(1, 7)
    is_pool = draw.random() < 0.4
    padding = 0 if is_pool else draw.randint(0, 2)
    kernel = draw.randint(1, min(height, width) + 2 * padding)
    stride = draw.randint(1, 3)
    extents = ((n + 2 * padding - kernel) // stride + 1 for n in (height, width))
    groups = 1 if is_pool else draw.randint(1, 3)
    outputs = channels if is_pool else groups * draw.randint(1, 3)
    pre, post = Planes(groups * channels, height, width), Planes(outputs, *extents)
    return Windows(pre, post, kernel, stride, padding, is_pool, groups)


def one_by_one(windows: Windows, weights: np.ndarray, sent: np.ndarray) -> np.ndarray:
    pre, post = windows.pairs()
    made = np.zeros((len(sent), windows.post_neurons), np.int64)
    for row, numbers in zip(made, sent, strict=True):
        np.add.at(row, post, weights.ravel()[windows.places()] * numbers[pre])
    return made


@pytest.mark.parametrize("seed", range(40))
def test_they_are_those_of_the_synapses(seed: int) -> None:
    windows, rng = drawn_windows(seed), np.random.default_rng(seed)
    weights = rng.integers(-(2**15), 2**15, windows.weight_shape)
    sent = rng.integers(-(2**20), 2**20, (3, windows.pre_neurons))
    made = through_windows(windows, weights, sent)
    assert (made == one_by_one(windows, weights, sent)).all()
    assert (through_windows(windows, weights, sent[0]) == made[0]).all()
