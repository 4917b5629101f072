"""Chains of steps, as their text for the CPU has them, against the oracle's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from snncc.backends.optimizers.cpu.chain import Optimizer, chain_source
from snncc.backends.optimizers.oracle import fresh_moments, update
from snncc.backends.optimizers.table import STEPS, chain_of
from snncc.ir import rules
from snncc.ir.graph import Call, TrainSpec
from snncc.ir.wiring import AllPairs

PRE, POSTS, RATE = 9, 3, 0.05
ADAM = Call("adam", (("lr", 0.0), ("beta1", 0.5), ("beta2", 0.9), ("eps", 0.1)))
SGD = Call("sgd", (("lr", 0.0), ("momentum", 0.9)))
STRONG = Call("exponential", (("strength", 0.5), ("beta", 0.4), ("limit", 2.0)))
L2 = Call("l2", (("strength", 0.3),))
DECAY = Call("decoupled", (("rate", 0.5),))
CLAMP = Call("range", (("low", -1.0), ("high", 0.75)))
CLIP = Call("norm", (("limit", 0.7),))
CHOICES = {
    "clip": (None, CLIP),
    "regularizer": (None, STRONG, L2),
    "decay": (None, DECAY),
    "optimizer": (ADAM, SGD),
    "clamp": (None, CLAMP),
}
SPECS = [
    TrainSpec("n", dict(zip(CHOICES, calls, strict=True)))
    for calls in itertools.product(*CHOICES.values())
]


def named(spec):
    return "-".join(call.kind for call in spec.entries.values() if call)


@pytest.fixture
def compiled(interpreted):
    """The chain of a spec as plain Python: its module and its numbers for some updates."""

    def make(spec, updates):
        chain = chain_of(spec)
        module = interpreted(chain_source(chain))
        size, eps = chain.paces(RATE, 1, updates)
        numbers = np.array(chain.numbers, np.float64)
        rates = np.array([0.5], np.float32)
        row = module.update_row
        return module, Optimizer(row, numbers, size, eps, np.float32(RATE), rates, 0)

    return make


@pytest.mark.parametrize("spec", SPECS, ids=named)
def test_updates_are_the_oracles(plain, compiled, spec):
    """Several updates of a dense projection `a`, post-major, two groups of gradients each."""
    generator = np.random.default_rng(0)
    module, optimizer = compiled(spec, 6)
    rows = generator.uniform(-2, 2, (POSTS, PRE)).astype(np.float32)
    first, second = np.zeros_like(rows), np.zeros_like(rows)
    exact = {"a": rows.T.astype(np.float64)}
    moments = {"a": fresh_moments(exact["a"])}
    for k in range(1, 7):
        groups = generator.standard_normal((2, POSTS, PRE)).astype(np.float32)
        total, scale = groups.sum(axis=0), np.float32(0.25)
        whole = {"a": 0.25 * total.T.astype(np.float64)}
        if chain_of(spec).is_local:
            assert not hasattr(module, "factor")
        else:
            scale = module.factor(optimizer.numbers, groups.reshape(2, -1), scale)
        number = plain.number_of(optimizer, k)
        for row in range(POSTS):
            plain.update_row(
                optimizer, number, 0, rows[row], first[row], second[row], total[row], scale
            )
        exact, moments = update(
            spec, {"a": AllPairs(PRE, POSTS)}, exact, whole, moments, RATE, {"a": 0.5}
        )
        np.testing.assert_allclose(rows.T, exact["a"], rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(first.T, moments["a"].first, rtol=1e-4, atol=1e-6)


def test_a_row_without_weights_is_none(compiled):
    none = np.zeros(0, np.float32)
    spec = TrainSpec("n", {"regularizer": STRONG, "optimizer": ADAM})
    module, optimizer = compiled(spec, 1)
    before = optimizer.numbers.copy()
    module.update_row(optimizer.numbers, (RATE, 0.1, RATE), none, none, none, none, 1.0)
    np.testing.assert_array_equal(optimizer.numbers, before)


def test_moments_never_become_denormal(plain, compiled):
    """Denormal numbers would make an update a hundred times slower."""
    weights, zero = np.ones(3, np.float32), np.zeros(3, np.float32)
    first, second = np.full(3, 1e-3, np.float32), np.full(3, 1e-9, np.float32)
    _, optimizer = compiled(TrainSpec("n", {"optimizer": ADAM}), 600)
    smallest = np.finfo(np.float32).tiny
    for k in range(1, 600):
        number = plain.number_of(optimizer, k)
        plain.update_row(optimizer, number, 0, weights, first, second, zero, np.float32(1))
        for moments in (first, second):
            assert ((moments == 0) | (np.abs(moments) >= smallest)).all()
    assert not first.any()
    assert not second.any()


def test_every_kind_of_the_language_is_there():
    for entry, kinds in STEPS.items():
        assert set(kinds) == set(rules.TRAIN_ENTRIES[entry].table), entry
