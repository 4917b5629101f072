"""Every choice is as likely as it is said to be."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from snncc.ir.wiring.draws import arrivals, distinct, successes, with_repetition


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_distinct_numbers_are_each_choice_alike(k: int) -> None:
    """k of 6, more than half of them too: chi squared of all choices, five deviations wide."""
    drawn = distinct(30_000, k, 6, generator())
    assert (np.diff(drawn, axis=1) > 0).all()
    choices = list(combinations(range(6), k))
    found = dict.fromkeys(choices, 0)
    for row in map(tuple, drawn.tolist()):
        found[row] += 1
    expected = 30_000 / len(choices)
    chi = sum((count - expected) ** 2 / expected for count in found.values())
    free = len(choices) - 1
    assert abs(chi - free) < 5 * np.sqrt(2 * free)


@pytest.mark.parametrize(("k", "among"), [(0, 0), (0, 5), (5, 5), (1, 1), (500, 1000), (999, 1000)])
def test_distinct_numbers_at_the_ends(k: int, among: int) -> None:
    drawn = distinct(7, k, among, generator())
    assert drawn.shape == (7, k)
    assert all(len(set(row)) == k for row in drawn.tolist())
    assert k == 0 or (0 <= drawn.min() <= drawn.max() < among)


def test_distinct_among_many() -> None:
    drawn = distinct(1, 3, 2**40, generator())
    assert drawn.dtype == np.int64
    assert drawn.max() > 2**32


def test_repetition() -> None:
    drawn = with_repetition(5000, 4, 4, generator())
    assert (np.diff(drawn, axis=1) >= 0).all()
    assert np.abs(np.bincount(drawn.ravel()) - 5000).max() < 5 * np.sqrt(3750)
    repeated = (np.diff(drawn, axis=1) == 0).any(axis=1).mean()
    assert repeated == pytest.approx(1 - 24 / 256, abs=0.03)


def test_successes_of_many_trials_do_not_overflow() -> None:
    found = successes(2.0**-60, 2**62, generator())
    assert 0 < len(found) < 20
    assert (np.diff(found) > 0).all()
    assert found[-1] < 2**62


def test_arrivals_are_poisson() -> None:
    counts = np.bincount(arrivals(0.7, 40_000, generator()), minlength=40_000)
    assert counts.mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.7 / 40_000))
    assert counts.var() == pytest.approx(0.7, rel=0.05)
    assert np.corrcoef(counts[:-1], counts[1:])[0, 1] == pytest.approx(0.0, abs=0.025)
    assert len(arrivals(0.0, 10, generator())) == len(arrivals(1.0, 0, generator())) == 0
