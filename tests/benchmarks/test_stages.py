"""The kernels cut into stages are the kernels."""

from __future__ import annotations

import numpy as np
import pytest
from cost import STAGES
from nets import constant_samples, make_trainer
from stages import RATE, stage_times

pytestmark = pytest.mark.slow  # compiles the kernels once, and their stages every time


@pytest.mark.parametrize("batch", [1, 3])
def test_stages_learn_what_the_trainer_learns(batch):
    cut, whole = (make_trainer("sleepy liquid", 40, 1) for _ in range(2))
    samples = constant_samples(cut, 2 * batch)
    times = stage_times(cut, samples, batch)
    assert list(times) == list(STAGES)
    whole.train(samples, batch, RATE)
    for name, weights in whole.weights().items():
        np.testing.assert_array_equal(cut.weights()[name], weights)
    assert (cut.state()["optimizer/second"] == whole.state()["optimizer/second"]).all()
