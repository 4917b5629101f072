import os
from pathlib import Path

import numpy as np
import pytest

from snncc.ir.graph import Call
from snncc.runtime.datasets.public import every_fifth
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

DATA = os.environ.get("SNNCC_DATA", "")


def test_digits_ship_with_the_package():
    train, test = (load(Call("digits"), split, settings_from({})) for split in ("train", "test"))
    assert (train.values.shape, test.values.shape) == ((1442, 8, 8), (355, 8, 8))
    assert (train.values.min(), train.values.max()) == (0.0, 1.0)
    for data in (train, test):
        assert np.bincount(data.labels).min() >= len(data) / 10 * 0.95


def test_every_fifth_of_a_class():
    labels = np.array([1] * 5 + [0] * 11, np.int32)
    assert np.flatnonzero(every_fifth(labels)).tolist() == [4, 9, 14]


@pytest.mark.skipif(not Path(DATA, "mnist").is_dir(), reason="SNNCC_DATA names no such data")
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_the_real_files(name):
    data = load(Call(name), "test", settings_from(os.environ))
    assert data.values.shape == (10_000, 28, 28)
    assert data.values.max() == 1.0
    assert np.bincount(data.labels).min() > 850
