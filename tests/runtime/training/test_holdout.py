import numpy as np
import pytest
from refusal import refused

from snncc.runtime.samples import Presentation
from snncc.runtime.training.holdout import hold_out


def labelled(*counts):
    """So many samples of each class, mixed; the only value of sample k is k."""
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    labels = np.random.default_rng(0).permutation(labels)
    values = np.arange(len(labels), dtype=np.float32)[:, None]
    return Presentation(values, labels, np.arange(len(labels), dtype=np.uint64), ("a", "b"))


def test_each_class_gives_its_share_and_every_sample_is_in_one_part():
    samples = labelled(100, 60, 7, 33)
    rest, out = hold_out(samples, 0.1, 5)
    assert sorted([*rest.ids, *out.ids]) == list(range(200))
    assert len(out) == 20
    for k, count in enumerate((100, 60, 7, 33)):
        assert abs((out.labels == k).sum() - 0.1 * count) < 1


def test_samples_keep_their_values_labels_ids_and_order():
    samples = labelled(50, 50)
    for part in hold_out(samples, 0.3, 1):
        assert part.values is samples.values
        assert (np.diff(part.ids.astype(np.int64)) > 0).all()
        np.testing.assert_array_equal(part.labels, samples.labels[part.ids.astype(int)])
        chosen = part.pick(np.array([3, 1]))
        np.testing.assert_array_equal(chosen.values[chosen.rows][:, 0], part.ids[[3, 1]])
        np.testing.assert_array_equal(chosen.ids, part.ids[[3, 1]])
        again = part.part(np.array([4, 3])).pick(np.array([1, 0]))
        np.testing.assert_array_equal(again.values[again.rows][:, 0], part.ids[[3, 4]])


def test_the_seed_chooses_the_samples_and_nothing_else_does():
    one, same, other = (hold_out(labelled(40, 40), 0.25, seed).out.ids for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert set(one) != set(other)
    # The stream of the generator is fixed for ever, and so is the choice.
    assert hold_out(labelled(6, 6), 0.25, 2**64 - 1).out.ids.tolist() == [2, 7, 11]


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_one_sample_of_every_class_is_learnt_from(share):
    rest, _ = hold_out(labelled(1, 2, 0, 9), share, 0)
    assert set(rest.labels) == {0, 1, 3}


def test_a_share_of_no_sample_is_refused():
    mistake = refused("E062", hold_out, labelled(2, 2), 0.1, 0)
    assert "a share of 0.1 of 4 training samples holds none out" in mistake.message
