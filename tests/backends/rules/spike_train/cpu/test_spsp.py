"""S-PSP by two row-axpys a spike, against the oracle's pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snncc.backends.rules.spike_train.oracle.spsp import (
    Cell,
    factorised_closed_form,
    factorised_spsp,
    pairwise_spsp,
)


def events(raster):
    counts = raster.sum(axis=1)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return ptr, np.nonzero(raster)[1].astype(np.int32)


def bounded(raster):
    """(begin, end, spikes) of the steps' events."""
    ptr, spikes = events(raster)
    return ptr, ptr[1:], spikes


def neuron_major(plain, raster):
    """(row, times) of bool [T, n]."""
    steps, n = raster.shape
    row, times = np.full(n + 1, -1, np.int32), np.zeros(raster.sum(), np.int32)
    plain.times_by_neuron(*events(raster), steps, n, row, times, np.zeros(n, np.int32))
    return row, times


def spaced(raster, refractory):
    """The trains without the spikes within `refractory` of the one before."""
    kept = np.zeros_like(raster)
    last = np.full(raster.shape[1], -refractory - 1)
    for t in range(len(raster)):
        kept[t] = raster[t] & (t - last > refractory)
        last[kept[t]] = t
    return kept


def traces(plain, pre, cell, delay, closed):
    """(trace, columns, column, active) of the pre neurons that fired."""
    steps, n = pre.shape
    row, _ = neuron_major(plain, pre)
    column, active = np.zeros(n, np.int32), np.zeros(n, np.int32)
    columns = plain.active_columns(row, n, column, active)
    trace = np.full(steps * columns, np.nan, np.float32)
    slow, fast = np.ones(n, np.float32), np.ones(n, np.float32)
    if closed:
        keep = [np.float32(np.exp(-1 / tau)) for tau in (cell.tau_mem, cell.tau_syn)]
        gain = np.float32(1 / (1 - cell.tau_syn / cell.tau_mem))
        shift = cell.refractory + delay - 1
        plain.closed_traces(
            *bounded(pre), steps, shift, *keep, gain, column, columns, slow, fast, trace
        )
    else:
        keep = [np.float32(cell.keep_mem), np.float32(cell.keep_syn)]
        gain = np.float32(1 / cell.tau_syn)
        plain.discrete_traces(
            *bounded(pre), steps, delay, *keep, gain, column, columns, slow, trace
        )
    return trace, columns, column, active


def responses(plain, pre, post, cell, delay, closed=False):
    """e [post, pre] by rows, and entry by entry."""
    trace, columns, column, active = traces(plain, pre, cell, delay, closed)
    row, times = neuron_major(plain, post)
    keep = np.exp(-1 / cell.tau_mem) if closed else cell.keep_mem
    power = (keep ** np.arange(len(pre) + 1)).astype(np.float32)
    by_row = np.zeros((post.shape[1], pre.shape[1]))
    by_entry = np.zeros_like(by_row)
    fired = pre.any(axis=0)
    for i in range(post.shape[1]):
        span = (times, row[i], row[i + 1], cell.refractory, power)
        packed = np.full(columns, np.nan, np.float32)
        plain.response_row(trace, columns, *span, packed)
        by_row[i, active[:columns]] = packed
        for j in np.flatnonzero(fired):
            by_entry[i, j] = plain.response_at(trace, columns, column[j], *span)
    return by_row, by_entry


CELLS = st.builds(
    Cell,
    tau_mem=st.sampled_from([4.0, 16.0, 64.0]),
    tau_syn=st.sampled_from([1.0, 2.0, 8.0]),
    refractory=st.integers(0, 4),
    v_th=st.just(1.0),
).filter(lambda cell: cell.tau_mem != cell.tau_syn)
RATES = st.sampled_from([0.0, 0.05, 0.3, 0.9])


@settings(max_examples=15, deadline=None)
@given(cell=CELLS, delay=st.integers(0, 3), rates=st.tuples(RATES, RATES), seed=st.integers(0, 99))
def test_the_discrete_response_is_the_pairwise_one(plain, cell, delay, rates, seed):
    generator = np.random.default_rng(seed)
    pre = generator.random((40, 5)) < rates[0] * generator.random(5)
    post = spaced(generator.random((40, 3)) < rates[1], cell.refractory)
    for found in responses(plain, pre, post, cell, delay):
        np.testing.assert_allclose(found, pairwise_spsp(pre, post, cell, delay), atol=2e-5)


@settings(max_examples=15, deadline=None)
@given(cell=CELLS, delay=st.integers(1, 3), rate=RATES, seed=st.integers(0, 99))
def test_the_closed_response_is_the_factorised_one(plain, cell, delay, rate, seed):
    generator = np.random.default_rng(seed)
    pre = generator.random((40, 5)) < 0.2
    post = spaced(generator.random((40, 3)) < rate, cell.refractory)
    wanted = factorised_closed_form(pre, post, cell, delay)
    for found in responses(plain, pre, post, cell, delay, closed=True):
        np.testing.assert_allclose(found, wanted, atol=1e-4 * (1 + np.abs(wanted).max()))


def test_spikes_within_the_refractory_time_are_a_teachers(plain):
    """They add nothing, in the oracle as in both kernels."""
    cell = Cell(16.0, 4.0, 3, 1.0)
    pre = np.random.default_rng(5).random((30, 4)) < 0.3
    post = np.zeros((30, 1), bool)
    post[[5, 6, 8, 20, 21], 0] = True
    wanted = factorised_spsp(pre, post, cell, 1)
    for found in responses(plain, pre, post, cell, 1):
        np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("spikes", range(6))
def test_rows_of_any_number_of_spikes(plain, spikes):
    """Two spikes a pass: an odd one is left over."""
    cell = Cell(8.0, 2.0, 1, 1.0)
    pre = np.random.default_rng(6).random((30, 3)) < 0.4
    post = np.zeros((30, 1), bool)
    post[3 : 3 + 4 * spikes : 4, 0] = True
    assert post.sum() == spikes
    by_row, by_entry = responses(plain, pre, post, cell, 0)
    np.testing.assert_allclose(by_row, pairwise_spsp(pre, post, cell, 0), atol=1e-5)
    np.testing.assert_allclose(by_row, by_entry, atol=1e-5)


def test_times_by_neuron(plain):
    raster = np.random.default_rng(7).random((25, 6)) < 0.2
    raster[:, 2] = False
    row, times = neuron_major(plain, raster)
    for i in range(6):
        assert times[row[i] : row[i + 1]].tolist() == np.flatnonzero(raster[:, i]).tolist()


@pytest.mark.parametrize(("active", "columns"), [(0, 0), (3, 3), (5, 5), (6, 8), (8, 8)])
def test_columns_are_compacted_where_it_pays(plain, active, columns):
    """Fewer than three of four neurons that fired get columns of their own."""
    fired = np.zeros(8, bool)
    fired[np.random.default_rng(active).permutation(8)[:active]] = True
    row = np.concatenate([[0], np.cumsum(2 * fired)])
    column, of = np.zeros(8, np.int32), np.zeros(8, np.int32)
    assert plain.active_columns(row, 8, column, of) == columns
    kept = np.flatnonzero(fired) if columns == active else np.arange(8)
    assert of[:columns].tolist() == kept.tolist()
    assert column[kept].tolist() == list(range(columns))


def test_columns_fill_cache_lines(plain):
    """The 20 of 64 neurons that fired, and 12 that did not."""
    fired = np.zeros(64, bool)
    fired[np.random.default_rng(0).permutation(64)[:20]] = True
    row = np.concatenate([[0], np.cumsum(fired)])
    column, of = np.zeros(64, np.int32), np.zeros(64, np.int32)
    assert plain.active_columns(row, 64, column, of) == 32
    assert of[:20].tolist() == np.flatnonzero(fired).tolist()
    assert of[20:32].tolist() == np.flatnonzero(~fired)[:12].tolist()
    assert column[fired].tolist() == list(range(20))
