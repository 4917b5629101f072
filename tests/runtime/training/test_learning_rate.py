import pytest
from refusal import refused

from snncc.ir.graph import Call
from snncc.runtime.training.learning_rate import is_spread, learning_rate, spread

ADAM = Call("adam", (("lr", 0.1),))


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (Call("constant"), [0.1, 0.1, 0.1, 0.1]),
        (Call("inverse_sqrt"), [0.1, 0.1 / 2**0.5, 0.1 / 3**0.5, 0.05]),
        (Call("logged"), [0.1, 0.1, 0.1 / 2**0.5, 0.1 / 3**0.5]),
        (Call("step", (("every", 2), ("factor", 0.5))), [0.1, 0.1, 0.05, 0.05]),
        (Call("linear", (("end", 0.0), ("epochs", 4))), [0.1, 0.075, 0.05, 0.025]),
        (Call("linear", (("end", 0.02), ("epochs", 2))), [0.1, 0.06, 0.02, 0.02]),
        (Call("linear", (("end", 0.3), ("epochs", 2))), [0.1, 0.2, 0.3, 0.3]),
        (Call("cosine", (("end", 0.0), ("epochs", 2))), [0.1, 0.05, 0.0, 0.0]),
        # PyTorch's CosineAnnealingLR(T_max = 4, eta_min = 0.02).
        (
            Call("cosine", (("end", 0.02), ("epochs", 4))),
            [0.1, 0.08828427124746190, 0.06, 0.03171572875253810],
        ),
    ],
)
def test_schedules(schedule, rates):
    assert [learning_rate(ADAM, schedule, k) for k in range(4)] == pytest.approx(rates)


def falling(learning, schedule="linear", end=0.0, over=0, epochs=4):
    call = Call(schedule, (("end", end), ("epochs", over)))
    return learning.course.spec.but(schedule=call, epochs=epochs)


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_a_schedule_goes_over_all_epochs_unless_it_says_how_many(learning, schedule):
    assert spread(falling(learning, schedule)).call("schedule")["epochs"] == 4
    assert spread(falling(learning, schedule, over=9)).call("schedule")["epochs"] == 9
    assert spread(learning.course.spec) == learning.course.spec
    assert [is_spread(falling(learning, over=n)) for n in (0, 9)] == [True, False]


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
def test_epochs_that_would_learn_nothing_are_refused(learning, schedule):
    mistake = refused("E051", spread, falling(learning, schedule, over=3))
    assert f"the learning rate of `{schedule}` is 0 in the last of 4 epochs" in mistake.message
    spread(falling(learning, schedule, over=3, epochs=3))
    spread(falling(learning, schedule, over=3, end=1e-5))
