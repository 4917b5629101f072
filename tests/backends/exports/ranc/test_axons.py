"""Axons of a core: what they bring is what the synapses say, by types that neurons share."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.backends.exports.ranc.axons import TYPES, Axons, Synapses, most_values, typed
from snncc.backends.exports.ranc.filled import filled


def drawn(seed: int, values: int) -> Synapses:
    """Synapses whose neurons have so many values each; some are there twice."""
    draw = np.random.default_rng(seed)
    count, neurons = 400, 12
    table = np.array([draw.choice(np.arange(1, 30), values, replace=False) for _ in range(neurons)])
    post = draw.integers(0, neurons, count)
    code = table[post, draw.integers(0, values, count)] * np.where(post % 2, 1, -1)
    return Synapses(draw.integers(0, 25, count), draw.integers(1, 3, count), post, code)


@pytest.mark.parametrize("seed", range(8))
def test_axons_bring_what_the_synapses_say(seed: int) -> None:
    synapses = drawn(seed, 1 + seed % TYPES)
    made = typed(synapses, 12)
    assert (made.table[synapses.post, made.kind[made.axon]] == synapses.code).all()
    assert (made.sender[made.axon] == synapses.sender).all()
    assert (made.delay[made.axon] == synapses.delay).all()
    joined = np.stack((made.axon, synapses.post))
    assert len(np.unique(joined, axis=1).T) == len(synapses.post)  # a synapse is a bit
    assert made.kind.max() < TYPES


def test_senders_of_one_type_take_one_axon_each() -> None:
    draw = np.random.default_rng(0)
    table, kinds = draw.integers(-9, 10, (TYPES, 30)), draw.integers(0, TYPES, 50)
    sender, post = np.nonzero((table[kinds] != 0) & (draw.random((50, 30)) < 0.7))
    code = table[kinds][sender, post]
    made = typed(Synapses(sender, np.ones(len(sender)), post, code), 30)
    assert len(made.kind) == 50


def test_a_population_lies_on_one_core_where_one_can_hold_it() -> None:
    """What leads to it then drives one axon, and needs no relay."""
    sender = np.concatenate([np.arange(120), np.arange(200, 360)])
    post = np.concatenate([np.arange(120), 120 + np.repeat(np.arange(10), 16)])
    synapses = Synapses(sender, np.ones(len(sender)), post, np.ones(len(sender), np.int64))
    assert np.bincount(filled(synapses, 130, [0, 120])).tolist() == [120, 10]
    assert np.bincount(filled(synapses, 130)).tolist() != [120, 10]


def test_types_are_sought_only_of_what_a_core_may_hold(monkeypatch) -> None:
    """To seek them takes a millisecond for every few senders."""
    sought = []

    def counted(synapses: Synapses, neurons: int) -> Axons:
        made = typed(synapses, neurons)
        sought.append(len(np.unique(synapses.sender)))
        return made

    monkeypatch.setattr("snncc.backends.exports.ranc.filled.typed", counted)
    post = np.repeat(np.arange(300), 20)
    sender = np.random.default_rng(0).integers(0, 900, len(post))
    filled(Synapses(sender, np.ones(len(post)), post, np.ones(len(post), np.int64)), 300)
    assert 230 < max(sought) <= 256


def test_a_core_is_filled_up_to_its_axons() -> None:
    post = np.repeat(np.arange(600), 3)
    sender = (np.arange(1800) * 7) % 500
    synapses = Synapses(sender, np.ones(1800), post, np.ones(1800, np.int64))
    core_of = filled(synapses, 600)
    assert (np.diff(core_of) >= 0).all()
    assert core_of[0] == 0
    for core in range(core_of.max() + 1):
        own = core_of == core
        assert own.sum() <= 256
        assert len(np.unique(sender[own[post]])) <= 256
    assert core_of.max() < 10
    assert most_values(synapses, 600).tolist() == [1] * 600
