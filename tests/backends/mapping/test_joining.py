from dataclasses import replace

import numpy as np
import pytest
from axon_cases import counted_uses, drawn_axons, packets_of

from snncc.backends.mapping import joining, levels
from snncc.backends.mapping.axons import Axons, axons_of
from snncc.backends.mapping.joining import Joining
from snncc.backends.mapping.levels import finest, thinned, whole
from snncc.backends.mapping.limits import CoreLimits
from snncc.backends.mapping.load import Kernels
from snncc.backends.mapping.partition import Step, partition

WORDS = np.array([12345, 678])
LIMITS = CoreLimits(12, 60, 60, 300, synapse_bits=5, axon_bytes=2, kinds=(2,))


def ring(neurons: int, fan_out: int, reach: int, seed: int = 0) -> tuple[Axons, np.ndarray]:
    """Neurons named at random that reach neighbours, and the place of each."""
    draw = np.random.default_rng(seed)
    place = draw.permutation(neurons)
    name, pre = np.argsort(place), np.repeat(np.arange(neurons), fan_out)
    post = name[(place[pre] + draw.integers(-reach, reach + 1, len(pre))) % neurons]
    return axons_of(pre, post, neurons, np.ones(neurons)), place


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """All levels are large, and no axon has a place for each core."""
    monkeypatch.setattr(joining, "MANY", 10)
    monkeypatch.setattr(levels, "PLACES", 10)


def test_an_axon_keeps_some_of_its_pins(loops: Kernels) -> None:
    level = finest(drawn_axons(0, synapses=90), CoreLimits(20), loops)
    thin = thinned(level, 3, WORDS.copy(), loops)
    for axon in range(len(level.source)):
        whole = level.reach[level.start[axon] : level.start[axon + 1]].tolist()
        kept = thin.reach[thin.start[axon] : thin.start[axon + 1]].tolist()
        assert kept == sorted(set(kept) & set(whole))
        assert len(kept) == min(3, len(whole))
        assert thin.loops[axon] == (level.source[axon] in kept)
    assert len(thin.senders) == len(thin.reach)
    assert {tuple(p) for p in _pairs(thin)} == {tuple(p) for p in _pairs_turned(thin)}


def _pairs(level: levels.Level) -> np.ndarray:
    return np.stack((np.repeat(np.arange(len(level.source)), np.diff(level.start)), level.reach), 1)


def _pairs_turned(level: levels.Level) -> np.ndarray:
    return np.stack((level.senders, np.repeat(np.arange(len(level.size)), np.diff(level.into))), 1)


def test_means_are_those_of_pins_and_of_axons(loops: Kernels) -> None:
    """Two axons, of weights 1 and 3, of which one reaches its source."""
    axons = axons_of(np.array([0, 0, 1]), np.array([0, 2, 0]), 3, np.array([1.0, 3.0, 0.0]))
    level = finest(axons, CoreLimits(3), loops)._replace(weight=np.array([1, 3, 5]))
    at = np.array([[0.0], [4.0], [8.0]], np.float32)
    middle = np.zeros((3, 1), np.float32)
    loops.average(level, at, middle)
    assert middle.ravel().tolist() == [4.0, 2.0, 8.0]  # the last has no pin but its source
    of_axons = [(1 * 4 + 3 * 2) / 4, 2.0, (1 * 4 + 5 * 8) / 6]
    expected = (np.array([0.0, 4.0, 8.0]) + of_axons) / 2
    assert at.ravel().tolist() == pytest.approx(expected.tolist())


def test_large_levels_wait_bare(loops: Kernels, few: None) -> None:
    """All but the last, and what they lack is made again."""
    axons, _ = ring(120, 8, 12)
    level = finest(axons, CoreLimits(40), loops)
    made, _ = Joining(6, 8, WORDS.copy(), loops).levels(level, None)
    assert len(made) > 1
    assert [len(each.into) > 0 for each in made] == [False] * (len(made) - 1) + [True]
    assert len(made[0].senders) == 0
    again = whole(made[0], loops)
    assert np.array_equal(again.into, level.into)
    assert np.array_equal(again.senders, level.senders)


@pytest.mark.slow
def test_neighbours_are_joined(compiled: Kernels, few: None) -> None:
    """Neurons that go together lie much nearer than their axons reach."""
    axons, place = ring(4000, 40, 200)
    level = finest(axons, CoreLimits(500), compiled)
    joins = Joining(80, 8, WORDS.copy(), compiled)
    made, maps = joins.levels(level, None)
    assert len(made) <= 4
    assert sum(int(coarser.size.sum()) for coarser in made) == 4000 * len(made)
    turn = np.exp(2j * np.pi * place / 4000)
    near = np.bincount(maps[0], turn.real) + 1j * np.bincount(maps[0], turn.imag)
    away = np.abs(np.angle(turn / near[maps[0]])) * 4000 / (2 * np.pi)
    assert len(made[1].size) <= 4000 // 16
    assert np.median(away) < 40


@pytest.mark.slow
def test_a_large_ring_is_cut_like_one_by_place(compiled: Kernels, few: None) -> None:
    axons, place = ring(4000, 40, 200)
    part = partition(axons, CoreLimits(520), 8, kernels=compiled, effort=0)
    assert packets_of(axons, part.tolist()) < 1.2 * packets_of(axons, (place // 500).tolist())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_limits_are_kept_where_cores_are_listed(seed: int, compiled: Kernels, few: None) -> None:
    axons = drawn_axons(seed, neurons=60, inputs=5, synapses=240, kinds=1)
    part = partition(axons, LIMITS, 10, kernels=compiled, seed=seed)
    used = counted_uses(axons, part.tolist(), LIMITS, 10)
    assert all(max(used[name]) <= most for name, most in LIMITS.most().items())


@pytest.mark.slow
def test_from_every_state_of_a_large_one_it_ends_alike(compiled: Kernels, few: None) -> None:
    axons, _ = ring(600, 10, 30)
    told = list[Step]()
    how = {"kernels": compiled, "seed": 3, "effort": 2}
    part = partition(axons, CoreLimits(160), 4, progress=told.append, **how)
    assert told[-1].packets == pytest.approx(packets_of(axons, part.tolist()), rel=1e-6)
    for step in told:
        again = partition(axons, CoreLimits(160), 4, state=step.state, **how)
        assert (part == again).all()


@pytest.mark.parametrize(("most", "is_joined"), [(None, True), (40, False)])
def test_classes_that_no_limit_counts_keep_nobody_apart(
    most: int | None, is_joined: bool, loops: Kernels
) -> None:
    """Each neuron of a ring is of a class of its own."""
    axons, _ = ring(40, 4, 3)
    own = replace(axons, kinds=(np.arange(40, dtype=np.int32),))
    level = finest(own, CoreLimits(10, kinds=(most,)), loops)
    levels, _ = Joining(4, 8, WORDS.copy(), loops).levels(level, None)
    assert (len(levels) > 1) == is_joined
