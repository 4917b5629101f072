import numpy as np
import pytest

from snncc.backends.trace import Trace
from snncc.runtime.diff.compare import Place, compare, rate_distance, unequal

ORDER = ("x", "h", "y")


def trace(seed=0, steps=6, samples=4):
    generator = np.random.default_rng(seed)
    sizes = {"y": 2, "x": 3, "h": 5}
    spikes = {n: generator.random((steps, samples, k)) < 0.3 for n, k in sizes.items()}
    states = {"h": {"v": generator.random((steps, samples, 5))}}
    return Trace(spikes, states)


def changed(*places, state=False, by=1.0):
    made = trace()
    for population, step, sample, neuron in places:
        if state:
            made.states[population]["v"][step, sample, neuron] += by
        else:
            made.spikes[population][step, sample, neuron] ^= True
    return made


def test_equal():
    found = compare(trace(), trace(), ORDER, 0.0)
    assert found.first is None
    assert found.equal.all()
    assert sum(found.bins.values()) == 6 * 4 * 10
    assert found.values == {"x": 0, "h": 6 * 4 * 5, "y": 0}


def test_the_first_is_by_sample_step_population_and_neuron():
    """Though neither steps nor populations nor neurons ascend in the order of the list."""
    places = [("y", 0, 2, 0), ("y", 3, 1, 1), ("h", 3, 1, 4), ("h", 3, 1, 2), ("x", 4, 1, 0)]
    found = compare(trace(), changed(*places), ORDER, None, 10)
    assert found.first == Place(11, 3, 1, 2, "h")
    assert found.equal.tolist() == [True, False, False, True]
    assert found.bins_different == {"x": 1, "h": 2, "y": 2}
    later = found + compare(trace(), trace(), ORDER, None, 14)
    assert later.first == found.first
    assert len(later.equal) == 8
    assert later.bins["h"] == 2 * found.bins["h"]
    earlier = compare(trace(), trace(), ORDER, None, 0) + found
    assert earlier.first == found.first


def test_states_within_a_tolerance():
    other = changed(("h", 2, 1, 3), state=True, by=0.25)
    assert compare(trace(), other, ORDER, None).first is None
    assert compare(trace(), other, ORDER, 0.25).first is None
    found = compare(trace(), other, ORDER, 0.2)
    assert found.first == Place(1, 2, 1, 3, "h", "v")
    assert found.values_different == {"x": 0, "h": 1, "y": 0}
    assert found.bins_different == dict.fromkeys(ORDER, 0)
    assert not found.equal[1]


def test_of_one_neuron_its_spike_is_before_its_state():
    other = changed(("h", 2, 1, 3), state=True)
    other.spikes["h"][2, 1, 3] ^= True
    assert compare(trace(), other, ORDER, 0.0).first.state == ""


def test_numbers_that_are_none():
    nan, inf = np.nan, np.inf
    one, other = np.array([nan, nan, inf, inf, 1.0, 1]), np.array([nan, 0, inf, -inf, 1.5, inf])
    assert unequal(one, other, 0.0).tolist() == [False, True, False, True, True, True]
    assert unequal(one, other, 0.5).tolist() == [False, True, False, True, False, True]
    assert not unequal(np.array([3], np.int32), np.array([3.0]), 0.0).any()


def test_the_distance_of_rates_is_the_earth_movers():
    """Against the definition: the area between the two distribution functions."""
    generator = np.random.default_rng(3)
    spikes = generator.integers(0, 40, (2, 25))
    steps, dt = 200, 0.5
    rates = spikes / (steps * dt) * 1000
    grid = np.sort(rates.ravel())
    below = [(r[None, :] <= grid[:-1, None]).mean(axis=1) for r in rates]
    area = (np.abs(below[0] - below[1]) * np.diff(grid)).sum()
    assert rate_distance(spikes, steps, dt) == pytest.approx(area)
    assert rate_distance(spikes[[0, 0]], steps, dt) == 0
    permuted = np.stack([spikes[0], generator.permutation(spikes[0])])
    assert rate_distance(permuted, steps, dt) == 0
