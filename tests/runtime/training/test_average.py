import numpy as np
import pytest

from snncc.ir.graph import Call
from snncc.runtime.training.average import lent, mean, recent


def states(*values):
    return tuple({"weights/w": np.array([v], np.float32)} for v in values)


def test_the_mean_is_taken_in_double_precision():
    values = np.float32([1e8, 1.0, -1e8, 1.0])
    assert mean(states(*values))["weights/w"].dtype == np.float32
    assert mean(states(*values))["weights/w"] == np.float32(0.5)
    assert mean(()) == {}


def test_what_does_not_learn_stays_what_it_is():
    for k in range(1, 8):
        assert mean(states(*[np.float32(0.1)] * k))["weights/w"] == np.float32(0.1)


@pytest.mark.parametrize("epochs", [1, 3])
def test_the_last_epochs_are_kept_without_the_optimizers_own(learning, epochs):
    trainer, past = learning.trainer(), ()
    spec = learning.course.spec.but(average=Call("last", (("epochs", epochs),)))
    for k in range(5):
        trainer.matrix[:] = k
        past = recent(past, trainer, spec)
        assert [state["weights/w"][0, 0] for state in past] == list(range(k + 1))[-epochs:]
        assert set(past[0]) == {"weights/w"}
    assert recent((), trainer, learning.course.spec) == ()


def test_weights_are_lent(learning):
    trainer = learning.trainer()
    trainer.matrix[:], trainer.speed[:] = 1, 2
    before = trainer.state()

    def stopped():
        with lent(trainer, {"weights/w": np.full_like(trainer.matrix, 7)}):
            assert trainer.matrix[0, 0] == 7
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    for name, array in trainer.state().items():
        np.testing.assert_array_equal(array, before[name])
    with lent(trainer, {}):
        assert trainer.matrix[0, 0] == 1
