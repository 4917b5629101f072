import numpy as np
import pytest

from snncc.ir.diagnostics import CompileError
from snncc.runtime.datasets.data import make_data

VALUES = np.zeros((3, 4), np.float32)


def test_labels_tell_the_classes():
    data = make_data(VALUES, np.array([0, 2, 1]), "x")
    assert data.classes == 3
    assert data.labels.dtype == np.int32
    assert len(data.first(2)) == 2
    assert len(data.first(None)) == 3


def test_uint8_are_spikes():
    assert make_data(np.zeros((1, 5, 4), np.uint8), np.array([0]), "x").is_spikes
    assert not make_data(VALUES, np.array([0, 1, 2]), "x").is_spikes


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ([0, -1, 2], "label -1 in sample 1"),
        ([0, 1, 1.5], "label 1.5 in sample 2"),
        ([np.nan, 1, 2], "label nan in sample 0"),
        ([0, 1], "3 samples but 2 labels"),
        ([0, 1, 2**40], "label 1099511627776"),
        ([[0], [1], [2]], "not one whole number"),
        (["a", "b", "c"], "not one whole number"),
    ],
)
def test_labels_that_are_none(labels, problem):
    with pytest.raises(CompileError, match=problem):
        make_data(VALUES, np.array(labels), "x")


def test_values_that_are_none():
    with pytest.raises(CompileError, match="1 axes"):
        make_data(np.zeros(3, np.float32), np.array([0, 1, 2]), "x")
    with pytest.raises(CompileError, match="no samples"):
        make_data(VALUES[:0], np.array([], np.int32), "x")


@pytest.mark.parametrize(
    ("value", "problem", "way_out"),
    [
        (np.nan, "the value nan in sample 1, column 2", "leave the sample out"),
        (-np.inf, "the value -inf in sample 1, column 2", "leave the sample out"),
        (-0.5, "the value -0.5 in sample 1, column 2", "uint8 0..255"),
        (1e300, r"the value 1e\+300 in sample 1, column 2", "uint8 0..255"),
    ],
)
def test_values_that_no_pixel_can_have(value, problem, way_out):
    bad = VALUES.astype(np.float64)
    bad[1, 2], bad[2, 3] = value, np.nan
    with pytest.raises(CompileError, match=problem) as caught:
        make_data(bad, np.array([0, 1, 2]), "x")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E061"
    assert way_out in diagnostic.help


def test_the_place_in_an_image():
    bad = np.zeros((3, 4, 5), np.float32)
    bad[2, 3, 1] = np.nan
    with pytest.raises(CompileError, match=r"sample 2, place \[3, 1\]"):
        make_data(bad, np.array([0, 1, 2]), "x")


def test_labels_beyond_the_known_classes():
    with pytest.raises(CompileError, match="labels end at 1"):
        make_data(VALUES, np.array([0, 1, 2]), "x", classes=2)
