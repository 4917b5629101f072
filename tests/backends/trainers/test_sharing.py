"""What shares, and what does not, is what was faster when last looked at."""

from __future__ import annotations

import pytest

from snncc.backends.trainers.sharing import BETTER, LATEST, SOONEST, TRIAL, Piece, Sharing


def learn(sharing, samples, seconds):
    """(time that samples take, how many were shared); seconds(shared) is a sample's time."""
    total, shared, done = 0.0, 0, 0
    while done < samples:
        piece = sharing.next(samples - done, True)
        took = piece.samples * seconds(piece.is_shared)
        sharing.took(piece, took)
        total, shared, done = (
            total + took,
            shared + piece.is_shared * piece.samples,
            done + piece.samples,
        )
    return total, shared


def test_nothing_is_tried_before_it_may_be():
    assert Sharing().next(1000, False) == Piece(1000, False)


def test_what_is_faster_is_soon_found():
    total, shared = learn(Sharing(), 10_000, lambda is_shared: 0.6 if is_shared else 1.0)
    assert shared > 9_500
    assert total < 6_300


@pytest.mark.parametrize("slower", [1.0, 2.0, 14.0])
def test_what_is_slower_costs_little(slower):
    """Fourteen times slower: what a busy neighbour did to a network of digits."""
    total, shared = learn(Sharing(), 10_000, lambda is_shared: slower if is_shared else 1.0)
    assert shared <= 7 * TRIAL
    assert total < 1.03 * 10_000


def test_a_neighbour_that_comes_is_noticed_at_once():
    sharing = Sharing()
    learn(sharing, 2_000, lambda is_shared: 0.6 if is_shared else 1.0)
    assert sharing.is_shared
    total, _ = learn(sharing, 10_000, lambda is_shared: 14.0 if is_shared else 1.0)
    assert total < 1.1 * 10_000
    assert not sharing.is_shared


def test_trials_in_vain_become_rare_and_a_gain_makes_them_frequent_again():
    sharing = Sharing()
    learn(sharing, 200_000, lambda is_shared: 2.0 if is_shared else 1.0)
    assert sharing.wait == LATEST
    learn(sharing, 10_000, lambda is_shared: BETTER - 0.1 if is_shared else 1.0)
    assert sharing.is_shared
    assert sharing.wait < LATEST
    assert SOONEST < LATEST
