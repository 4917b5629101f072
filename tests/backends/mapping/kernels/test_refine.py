"""Sweeps over the vertices of a level, and what relieves cores that are too full."""

import numpy as np
import pytest

from snncc.backends.mapping import levels
from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.levels import bounds_of, cut_of, finest
from snncc.backends.mapping.limits import CoreLimits
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.records import Cut


def cliques(many: int, of: int, further: int = 0) -> Axons:
    """Neurons of which each reaches all of its own clique; the first reach one of the next, too."""
    pre = np.append(np.repeat(np.arange(many * of), of), np.arange(further))
    post = pre // of * of + np.append(np.tile(np.arange(of), many * of), np.full(further, of))
    return axons_of(pre, post, many * of, np.ones(many * of))


CROSSED = cliques(2, 6, 1)  # seven vertices have an axon that is cut between the two


def swept(cold: float, sweeps: int, loops: Kernels) -> list[int]:
    """The random numbers after so many sweeps of two cliques, each in a core of its own."""
    level, random = finest(CROSSED, CoreLimits(9), loops), np.array([123, 4567])
    bounds = bounds_of(CoreLimits(9), 2, 0)
    cut = cut_of(level, np.arange(12, dtype=np.int32) // 6, 2, bounds, loops)
    heats, presses = np.full(sweeps, cold), np.ones(sweeps)
    loops.anneal(level, cut, bounds, random, np.arange(12), False, heats, presses)
    return [int(word) for word in random]


def test_a_vertex_that_would_lose_much_rests(loops: Kernels) -> None:
    """Every move loses many temperatures: none is tried, and no number drawn for it, in the four
    sweeps that follow one."""
    cold = 1e-3 * float(finest(CROSSED, CoreLimits(9), loops).weight.mean())
    first = swept(cold, 1, loops)
    assert swept(cold, 5, loops) == first
    assert swept(cold, 6, loops) != first


@pytest.mark.parametrize("places", [1 << 25, 1])
def test_full_cores_are_relieved_to_the_end(
    places: int, loops: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 48 cores 20 hold half as many again as they may, the others nothing: what goes is
    spread at first, as that costs least, and yet all comes to lie within the limit."""
    monkeypatch.setattr(levels, "PLACES", places)
    neurons = np.arange(20 * 36)
    near = np.random.default_rng(0).integers(-40, 41, (len(neurons), 8))
    ends = (neurons[:, None] + near) % len(neurons)
    axons = axons_of(np.repeat(neurons, 8), ends.ravel(), len(neurons), np.ones(len(neurons)))
    limits = CoreLimits(24)
    level, bounds = finest(axons, limits, loops), bounds_of(limits, 48, 0)
    cut = cut_of(level, neurons.astype(np.int32) // 36, 48, bounds, loops)
    loops.relieve(level, cut, bounds, np.array([1, 2]))
    assert cut.load[:, 0].max() == 24
    assert np.bincount(cut.part, minlength=48).tolist() == cut.load[:, 0].tolist()


def test_lists_of_cores_are_as_short_as_their_numbers_are(
    loops: Kernels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both kinds count the same."""
    monkeypatch.setattr(levels, "PLACES", 1)
    level, bounds = finest(cliques(5, 4), CoreLimits(9), loops), bounds_of(CoreLimits(9), 7, 0)
    part = np.arange(20, dtype=np.int32) % 7

    def cut() -> Cut:
        return cut_of(level, part, 7, bounds, loops)

    short = cut()
    monkeypatch.setattr(levels, "SHORT", 6)
    long = cut()
    assert (short.core.dtype, short.pins.dtype) == (np.int16, np.int16)
    assert (long.core.dtype, long.pins.dtype) == (np.int32, np.int32)
    for name, one, other in zip(Cut._fields, short, long, strict=True):
        assert np.array_equal(one, other), name
