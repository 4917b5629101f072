"""The loss of spike trains, by hand and by differences."""

from __future__ import annotations

import numpy as np
import pytest
from refusal import refused

from snncc.backends.losses.table import require_fit
from snncc.backends.losses.trains import slopes, train_moved, train_terms, wanted_trains
from snncc.ir.graph import Call, Population, TrainSpec

RULE = Call("tssl_bp", ())
OWN = (((1, 0), (0,)), ((0, 1, 1), (1,)))


def loss(tau=2.0, target=(1,), other=(0,), trains=()):
    arguments = {"tau": tau, "target": target, "other": other, "trains": trains}
    return Call("kernel", tuple(arguments.items()))


def test_trains_are_repeated_and_filtered():
    made = wanted_trains(loss(2.0, (0, 1), (0,)), 3, 5, 1.0)
    assert made.which.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert made.trains.tolist() == [[0] * 5, [0, 0.5, 0.25, 0.625, 0.3125]]
    assert made.keep == 0.5
    assert wanted_trains(loss(2.0), 2, 4, 0.5).keep == 0.75


def test_trains_by_class_and_output():
    made = wanted_trains(loss(1.0, trains=OWN), 2, 4, 1.0)
    assert made.which.tolist() == [[0, 1], [2, 3]]
    assert made.trains.tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]]


def test_the_example_of_zhang_and_li():
    """tau 3; the spikes 01111 and 00101, of which 01111 and none are wanted."""
    spikes = np.array([[0, 0], [1, 0], [1, 1], [1, 0], [1, 1]])
    asked, cost = train_terms(loss(3.0, (0, 1, 1, 1, 1)), spikes, 0, 1.0)
    assert cost[0] == 0
    assert cost[1] == pytest.approx(0.196159, abs=1e-6)
    assert asked[:, 0].tolist() == [0] * 5
    # Sums of 0.333333, 0.222222 and 0.481481 by the kernel (1/3)(2/3)^k.
    assert asked[4, 1] == pytest.approx(0.481481 / 3, abs=1e-6)
    assert asked[2, 1] == pytest.approx(
        0.333333 / 3 + 0.222222 * 2 / 9 + 0.481481 * 4 / 27, abs=1e-6
    )


def test_what_is_asked_is_the_derivative_of_the_cost():
    spikes = np.random.default_rng(0).random((7, 2))
    asked, _ = train_terms(loss(2.5, trains=OWN), spikes, 1, 1.0)
    for place in np.ndindex(spikes.shape):
        step = np.zeros_like(spikes)
        step[place] = 1e-6
        ends = [
            train_terms(loss(2.5, trains=OWN), spikes + d, 1, 1.0)[1].sum() for d in (step, -step)
        ]
        assert asked[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (loss(0.5), "shorter than a step of 1 ms"),
        (loss(target=(0, 1), trains=OWN), "says its trains twice"),
        (loss(trains=(*OWN, OWN[0])), "has 3 classes of 2 trains, and `y` has 2 neurons"),
        (loss(trains=(OWN[0], OWN[1][:1])), "has 2 classes of 1 or 2 trains"),
    ],
)
def test_what_does_not_fit(made, said):
    output = Population("y", (2,), "output")
    spec = TrainSpec("n", {"loss": made, "rule": RULE})
    assert said in refused("E051", require_fit, spec, output, 1.0).message
    require_fit(TrainSpec("n", {"loss": loss(trains=OWN), "rule": RULE}), output, 1.0)


def test_a_spike_that_moves_costs_what_the_cost_says():
    """The gradient by a spike's time is half of a step later less a step earlier."""
    spikes = np.zeros((60, 2))
    spikes[[2, 5, 6, 9], [0, 1, 0, 0]] = 1
    made = loss(2.5, trains=OWN)
    found = train_moved(made, spikes, 1, 1.0)
    for t, i in ((2, 0), (5, 1), (9, 0)):
        ends = [spikes.copy() for _ in range(2)]
        for end, to in zip(ends, (t - 1, t + 1), strict=True):
            end[t, i], end[to, i] = 0, 1
        earlier, later = (train_terms(made, end, 1, 1.0)[1].sum() for end in ends)
        assert found[t, i] == pytest.approx((later - earlier) / 2, abs=1e-12)


def test_what_is_asked_of_counts_moves_no_spike():
    assert slopes(np.full((4, 2), 3.0))[:3].tolist() == [[0.0, 0.0]] * 3
    assert slopes(np.array([4.0, 3.0, 1.0])).tolist() == [-1.0, -1.5, -1.5]
