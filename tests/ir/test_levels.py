"""One number for all neurons of an input, or one for each index of its first axis."""

import numpy as np
import pytest

from snncc.ir.graph import Call, Population
from snncc.ir.levels import levels_of


def current(shape, mean, sd):
    call = Call("current", (("duration", 5.0), ("mean", mean), ("sd", sd)))
    return Population("x", shape, "input", encoding=call)


def test_one_number_is_that_of_all():
    zero, rate = levels_of(current((2, 3), 0.5, 4.0), 1.0)
    assert zero.tolist() == [0.5] * 6
    assert rate.tolist() == [0.25] * 6


@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 4), (3,)])
def test_one_a_channel(shape):
    means = (0.4914, 0.4822, 0.4465)
    zero, rate = levels_of(current(shape, means, 0.2), 1.0)
    each = int(np.prod(shape)) // 3
    assert zero.tolist() == [m for m in means for _ in range(each)]
    assert (rate == 1.0 / 0.2).all()
    zero, rate = levels_of(current(shape, 0.0, (1.0, 2.0, 4.0)), 1.0)
    assert not zero.any()
    assert rate[::each].tolist() == [1.0, 0.5, 0.25]


def test_the_rate_of_spikes():
    call = Call("poisson", (("duration", 5.0), ("rate", 200.0)))
    zero, rate = levels_of(Population("x", (4,), "input", encoding=call), 0.5)
    assert not zero.any()
    assert rate.tolist() == [0.1] * 4
