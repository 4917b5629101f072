import numpy as np

from snncc.runtime.training.order import boosted, epoch_order


def test_an_order_is_a_permutation_that_never_changes():
    order = epoch_order(3, 0, 1000)
    assert np.array_equal(np.sort(order), np.arange(1000))
    # Written down once: another number here would break resuming older runs.
    assert epoch_order(3, 0, 8).tolist() == [7, 3, 6, 5, 2, 4, 0, 1]


def test_seed_and_epoch_matter():
    orders = {tuple(epoch_order(seed, epoch, 50)) for seed in range(3) for epoch in range(3)}
    assert len(orders) == 9


def test_large_seeds_are_kept_apart():
    orders = {tuple(epoch_order(2**64 - k, 0, 50)) for k in range(1, 5)}
    assert len(orders) == 4


def test_boosting_by_hand():
    labels = np.array([0, 0, 1, 1], np.int32)
    predictions = np.array([0, 1, 1, 1], np.int32)
    importance = np.array([1, 3, 1, 1], np.float32)
    # Class 0: eps = 3 / (1 + 3).
    expected = np.array([1, 3 * np.exp(0.75 / 20), 1, 1], np.float32)
    np.testing.assert_array_equal(boosted(importance, labels, predictions), expected)


def test_samples_not_yet_seen_count_as_wrong_of_their_class_alone():
    labels = np.array([2, 2], np.int32)
    raised = boosted(np.ones(2, np.float32), labels, np.array([-1, 2], np.int32))
    np.testing.assert_allclose(raised, [np.exp(0.5 / 20), 1])
