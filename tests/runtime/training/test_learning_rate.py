import pytest

from snncc.ir.graph import Call
from snncc.ir.rules import SCHEDULES
from snncc.runtime.training.learning_rate import MEANING, learning_rate

ADAM = Call("adam", (("lr", 0.1),))


def test_every_schedule_has_a_meaning():
    assert set(MEANING) == set(SCHEDULES)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (Call("constant"), [0.1, 0.1, 0.1, 0.1]),
        (Call("inverse_sqrt"), [0.1, 0.1 / 2**0.5, 0.1 / 3**0.5, 0.05]),
        (Call("logged"), [0.1, 0.1, 0.1 / 2**0.5, 0.1 / 3**0.5]),
        (Call("step", (("every", 2), ("factor", 0.5))), [0.1, 0.1, 0.05, 0.05]),
    ],
)
def test_schedules(schedule, rates):
    assert [learning_rate(ADAM, schedule, k) for k in range(4)] == pytest.approx(rates)
