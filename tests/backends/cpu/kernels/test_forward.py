"""Encoding, delivery and event lists, one kernel at a time."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.philox import bernoulli_threshold


def events(raster):
    """(ptr i32[T + 1], spikes i32) of bool [T, n]."""
    counts = raster.sum(axis=1)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32), np.nonzero(raster)[1]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 64, 83])
def test_the_indices_of_flags_are_appended(plain, n):
    for density in (0.0, 0.05, 0.5, 1.0):
        flags = (np.random.default_rng(n).random(n) < density).astype(np.uint8)
        spikes = np.full(n + 3, -1, np.int32)
        end = plain.append(flags, 2, spikes)
        assert spikes[2:end].tolist() == np.flatnonzero(flags).tolist()
        assert (spikes[:2] == -1).all()
        assert (spikes[n + 2 :] == -1).all(), "never behind the last that may fire"


def test_events_of_a_raster(plain):
    raster = np.random.default_rng(0).random((20, 6)) < 0.3
    ptr, spikes = np.full(21, -1, np.int32), np.full(120, -1, np.int32)
    plain.events_of_raster(raster.astype(np.uint8), 1, ptr, spikes)
    wanted_ptr, wanted = events(raster)
    np.testing.assert_array_equal(ptr, wanted_ptr)
    np.testing.assert_array_equal(spikes[: ptr[-1]], wanted)


def test_events_of_counts(plain):
    """One after the other; beyond the most there is no room, and they are none."""
    ptr, spikes = np.full(4, -1, np.int32), np.full(18, -1, np.int32)
    raster = np.array([[0, 2, 1], [0, 0, 0], [3, 0, 255]], np.uint8)
    plain.events_of_raster(raster, 3, ptr, spikes)
    assert ptr.tolist() == [0, 3, 3, 9]
    assert spikes[:9].tolist() == [1, 1, 2, 0, 0, 0, 2, 2, 2]
    assert (spikes[9:] == -1).all()


def test_thresholds_are_those_of_ir(plain):
    values = np.array([-1, 0, 1e-12, 0.1, 0.3, 0.999999, 1, 3, np.inf], np.float32)
    for rate in (1.0, 0.181818, 1e-9):
        threshold = np.zeros(len(values), np.uint32)
        plain.thresholds(values, rate, threshold)
        wanted = bernoulli_threshold(values.astype(np.float64) * rate)
        np.testing.assert_array_equal(threshold, wanted)


def test_active_inputs(plain):
    active = np.full(5, -1, np.int32)
    count = plain.active_inputs(np.array([0, 3, 0, 1, 2], np.uint32), active)
    assert active[:count].tolist() == [1, 3, 4]


def test_pack_joins_chunks(plain):
    n, steps = 3, 100
    raster = np.random.default_rng(1).random((steps, n)) < 0.4
    ptr, spikes = np.zeros(steps + 1, np.int32), np.zeros(n * steps, np.int32)
    for start in range(0, steps, plain.CHUNK):
        part_ptr, part = events(raster[start : start + plain.CHUNK])
        ptr[start + 1 : start + len(part_ptr)] = part_ptr[1:]
        spikes[start * n : start * n + len(part)] = part
    plain.pack(n, steps, ptr, spikes)
    wanted_ptr, wanted = events(raster)
    np.testing.assert_array_equal(ptr, wanted_ptr)
    np.testing.assert_array_equal(spikes[: ptr[-1]], wanted)
