"""Transformations of images as plain Python, and their random words by NumPy."""

import numpy as np
import pytest
from augment_cases import SEED, interpreted

from snncc.backends.augmentation import apply
from snncc.backends.augmentation.apply import PURPOSE, make_augmentation
from snncc.ir.philox import philox4x32


@pytest.fixture
def make(monkeypatch, tmp_path):
    """The calls of the table on images of a shape, by kernels that stay Python."""
    monkeypatch.setattr(apply, "load_kernels", lambda folder: interpreted())
    return lambda calls, shape, seed=SEED, threads=1: make_augmentation(
        calls, shape, seed, tmp_path, threads
    )


@pytest.fixture
def words():
    """The random words of a sample: (id, epoch, place among the lines, how many) -> float64."""

    def words(sample, epoch, place, count=4):
        counter = [[block, place, sample, epoch] for block in range(-(-count // 4))]
        key = [(SEED & 0xFFFFFFFF) ^ PURPOSE, SEED >> 32]
        return philox4x32(counter, key).ravel()[:count].astype(np.float64)

    return words
