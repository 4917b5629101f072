"""The generator against its authors' known answers, and the encodings that it draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.ir.philox import bernoulli_threshold, encode, philox4x32

ONES = 0xFFFFFFFF
# Counter, key, words: the known answers of Random123 for philox4x32-10 (Salmon et al. 2011).
KNOWN = [
    ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([ONES] * 4, [ONES] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter, key, words):
    drawn = philox4x32(counter, key)
    assert drawn.dtype == np.uint32
    assert drawn.tolist() == words


def test_counters_and_keys_broadcast():
    counters = np.array([known[0] for known in KNOWN], np.uint64)
    keys = np.array([known[1] for known in KNOWN], np.uint64)
    assert philox4x32(counters, keys).tolist() == [known[2] for known in KNOWN]
    same_key = philox4x32(counters, keys[0])
    assert same_key[0].tolist() == KNOWN[0][2]
    assert same_key.shape == (3, 4)


def test_thresholds_are_floors():
    p = np.array([-1.0, 0.0, 2.0**-32, 1.9 * 2.0**-32, 0.25, 1.0 - 2.0**-32, 1.0, 7.0])
    wanted = [0, 0, 1, 1, 2**30, ONES, ONES, ONES]
    assert bernoulli_threshold(p).tolist() == wanted


@pytest.mark.parametrize("steps", [1, 4, 7])
def test_word_of_a_spike(steps):
    """Step t of input j is word t % 4 of the counter (j, t // 4, sample), key = seed."""
    sample, seed = 5 + (9 << 32), 6 + (8 << 32)
    p = np.array([0.3, 0.5, 0.9])
    spikes = encode(p, steps, sample, seed, 0)
    assert spikes.shape == (steps, 3)
    for t in range(steps):
        for j in range(3):
            word = philox4x32([j, t // 4, 5, 9], [6, 8])[t % 4]
            assert spikes[t, j] == (int(word) < int(p[j] * 2**32))


def test_first_steps_are_empty_and_the_others_stay():
    p = np.full(200, 0.9)
    late, whole = encode(p, 10, 1, 2, 3), encode(p, 10, 1, 2, 0)
    assert not late[:3].any()
    np.testing.assert_array_equal(late[3:], whole[3:])
    assert whole[:3].any(axis=1).all()


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_never_and_almost_always(sample, seed):
    spikes = encode(np.array([0.0, 1.0, -0.5]), 8, sample, seed, 0)
    assert not spikes[:, [0, 2]].any()
    assert spikes[:, 1].all()


def test_rates():
    p = np.array([0.01, 0.1, 0.5, 0.99])
    steps, samples = 2000, 10
    counts = sum(encode(p, steps, k, 7, 0).sum(axis=0) for k in range(samples))
    trials = steps * samples
    deviation = np.sqrt(trials * p * (1 - p))
    assert (np.abs(counts - trials * p) < 4 * deviation).all()


def test_steps_inputs_samples_and_seeds_are_independent():
    def train(sample, seed):
        return encode(np.full(64, 0.5), 64, sample, seed, 0)

    one = train(1, 1)
    others = [train(2, 1), train(1, 2), train(1 + 2**32, 1), train(1, 1 + 2**32), train(2, 2).T]
    shifted = [np.roll(one, 1, axis=0), np.roll(one, 4, axis=0), np.roll(one, 1, axis=1), one.T]
    for other in others + shifted:
        assert 0.45 < (one == other).mean() < 0.55
