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
    plain.events_of_raster(raster.astype(np.uint8), ptr, spikes)
    wanted_ptr, wanted = events(raster)
    np.testing.assert_array_equal(ptr, wanted_ptr)
    np.testing.assert_array_equal(spikes[: ptr[-1]], wanted)


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


@pytest.mark.parametrize("count", range(10))
def test_dense_delivery_adds_in_the_spikes_order(plain, count):
    """The bits of one addition after the other, however many rows a pass takes."""
    generator = np.random.default_rng(count)
    weights = generator.standard_normal((12, 5)).astype(np.float32)
    spikes = generator.permutation(12)[: count + 1].astype(np.int32)
    current = generator.standard_normal(5).astype(np.float32)
    wanted = current.copy()
    for j in spikes[1:]:
        wanted += weights[j]
    plain.deliver_dense(weights.ravel(), spikes, 1, count + 1, current)
    np.testing.assert_array_equal(current, wanted)


@pytest.mark.parametrize("delay", [0, 1, 4])
def test_drives_bring_what_was_emitted_a_delay_ago(plain, delay):
    steps, pre, post, window, first, last = 13, 6, 5, 8, 3, 11
    generator = np.random.default_rng(delay)
    ptr, spikes = events(generator.random((steps, pre)) < 0.3)
    weights = generator.integers(-64, 64, (pre, post)).astype(np.float32) / 64
    raster = np.zeros((steps, pre), np.float32)
    raster[np.repeat(np.arange(steps), np.diff(ptr)), spikes] = 1
    wanted = np.zeros((window, 9), np.float32)
    for t in range(max(first, delay), last):
        wanted[t % window, 2 : 2 + post] = raster[t - delay] @ weights
    rows = np.arange(pre + 1) * post
    targets, index = np.tile(np.arange(post), pre), np.arange(pre * post)
    dense, sparse = np.zeros_like(wanted), np.zeros_like(wanted)
    span = (delay, first, last, window, 2, 2 + post)
    plain.drive_dense(weights.ravel(), ptr, spikes, *span, dense)
    plain.drive_sparse(weights.ravel(), rows, 0, targets, index, ptr, spikes, *span, sparse)
    np.testing.assert_array_equal(dense, wanted)
    np.testing.assert_array_equal(sparse, wanted)


def test_sparse_synapses_may_share_weights(plain):
    ptr, spikes = events(np.array([[True, False, True]]))
    row, post = np.array([9, 0, 2, 3, 5]), np.array([0, 1, 1, 1, 2])
    index = np.array([4, 5, 5, 4, 4])
    weights = np.array([9, 9, 9, 9, 0.5, 0.25], np.float32)
    currents = np.zeros((1, 3), np.float32)
    plain.drive_sparse(weights, row, 1, post, index, ptr, spikes, 0, 0, 1, 1, 0, 3, currents)
    assert currents.tolist() == [[0.5, 0.75, 0.5]]
