import pytest

from snncc.ir.graph import Call
from snncc.runtime.training.learning_rate import learning_rate

ADAM = Call("adam", (("lr", 0.1),))


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
