"""Transformations of images: as plain Python, and compiled; their random words by NumPy."""

from types import ModuleType

import numba
import numpy as np
import pytest
from augment_cases import SEED

from snncc.backends.augmentation import apply
from snncc.backends.augmentation.apply import PURPOSE, kernel_source, make_augmentation
from snncc.backends.compiled.text.modules import execute
from snncc.ir.philox import philox4x32


@pytest.fixture(scope="session")
def interpreted(tmp_path_factory):
    module = ModuleType("interpreted_augmentation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        path = tmp_path_factory.mktemp("kernels") / "augmentation.py"
        execute(kernel_source(), path, vars(module))
    return module


@pytest.fixture
def make(interpreted, monkeypatch, tmp_path):
    """The calls of the table on images of a shape, by kernels that stay Python."""
    monkeypatch.setattr(apply, "load_kernels", lambda folder: interpreted)
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
