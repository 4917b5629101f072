import numpy as np
import pytest

from snncc.runtime.training.histogram import Bin, Histogram, bins, histograms


def test_shares_are_those_of_neurons_and_samples(learning):
    """The mean over samples of the share of neurons with k spikes, by hand from each sample."""
    trainer = learning.trainer()
    learning.run(trainer)
    samples = learning.course.test
    counts = trainer.run(samples.pick(np.arange(len(samples)))).counts
    image, digit = histograms(trainer, samples)
    assert image == Histogram("image", (1.0,))
    assert digit.population == "digit"
    expected = [(counts == k).mean(axis=1).mean() for k in range(counts.max() + 1)]
    np.testing.assert_allclose(digit.shares, expected)
    assert sum(digit.shares) == pytest.approx(1.0)
    assert digit.shares[-1] > 0


def test_bins_hold_all():
    histogram = Histogram("h", (0.5, 0.2, 0.1, 0.05, 0.05, 0.05, 0.05))
    assert list(bins(histogram)) == [
        Bin(0, 0, 0.5),
        Bin(1, 1, 0.2),
        Bin(2, 2, 0.1),
        Bin(3, 4, pytest.approx(0.1)),
        Bin(5, 8, pytest.approx(0.1)),
    ]
    assert list(bins(Histogram("h", (1.0,)))) == [Bin(0, 0, 1.0)]
