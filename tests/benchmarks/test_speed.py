"""Networks timed: alone beside their floor, and in turns with another engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import gpu_report
import numpy as np
import pytest
import speed
from cost import activity_of
from machine import Arithmetic, Level, Machine
from speed import Options

from snncc.backends.cuda.card import out_of_memory

SMALL = Options(
    nets=("sleepy liquid",), steps=(10,), inputs=("10 %",), batches=(1, 4), hidden=25, fewest=3,
    learnt=0, presented=1, repeats=2, seconds=0.0,
)  # fmt: skip
MACHINE = Machine("", 1, (), (), (Level("DRAM", 1, 0, 1.0, 1.0),), (Arithmetic(1, 1.0),), 0.0)


@pytest.fixture(scope="module")
def subject() -> speed.Subject:
    return speed.make_subject("cpu", "sleepy liquid", 10, 25)


def test_a_batch_shares_the_pass_over_the_weights(subject: speed.Subject) -> None:
    one, many = (speed.update_cost(subject.network, batch) for batch in (1, 64))
    synapses = sum(w.size for name, w in subject.weights.items() if name != "digit->digit")
    assert one.update == 24 * synapses
    assert many.update == pytest.approx(one.update / 64)
    assert many.operations == pytest.approx(synapses + one.operations / 64)


def test_the_floor_of_a_card_leaves_out_what_a_card_can_do_without(subject: speed.Subject) -> None:
    fired = np.random.default_rng(3).random((2, 10, 784 + 25 + 25 + 10)) < 0.1
    activity = activity_of(subject.network, fired, drawn=784)
    costs = {c.stage: c for c in speed.card_costs(subject.network, activity, 32)}
    assert "write-back" not in costs
    assert costs["step"].update == 0
    assert costs["step"].operations > 0
    assert costs["drive"].read > 4 * 25 * activity.spikes(0)


class Sleeper:
    """An engine that does nothing, or runs out of memory in a call of that number."""

    precision = "none"

    def __init__(self, fails: int = 0) -> None:
        self.fails, self.calls = fails, 0

    def present(self, samples: object, batch: int) -> None:
        self.calls += 1
        if self.calls == self.fails:
            raise RuntimeError("CUDA out of memory\nmore")

    train = present

    def rates(self, samples: object, batch: int) -> dict[str, float]:
        return {"h1": 3.0}

    def forget(self) -> None:
        pass


@pytest.mark.slow
def test_our_times_and_the_counts_beside_them() -> None:
    rows = list(speed.speed("cpu", SMALL, MACHINE, print, speed.cpu_costs))
    assert [row.case.batch for row in rows] == [1, 4]
    for row in rows:
        assert 0 < row.forward.best <= row.forward.median
        assert len(row.train_costs) > len(row.forward_costs) > 0
        assert 0 < row.forward_floor < row.train_floor
        assert row.rates["image"] == pytest.approx(10, abs=3)
    assert rows[1].train_floor < rows[0].train_floor


@pytest.mark.slow
def test_ours_and_an_engine_in_turns_and_one_without_memory_is_left_out() -> None:
    said: list[str] = []
    make = lambda subject: (Sleeper(), Sleeper(fails=1))  # noqa: E731
    pairs = list(speed.compare("cpu", SMALL, make, said.append))
    assert [pair.case.batch for pair in pairs] == [1, 4, 4]  # the second engine fails once
    assert said.count("not timed: CUDA out of memory") == 1
    text = gpu_report.markdown([{"part": "compare", **asdict(pair)} for pair in pairs])
    assert f"{pairs[0].train_baseline.best / pairs[0].train.best:.2f} |" in text
    assert "| 3.0 |" in text


def test_our_times_go_on_where_memory_is_short() -> None:
    said: list[str] = []

    def work() -> None:
        raise out_of_memory("x", 1, 0)

    assert speed.unless_full((work,), 1, SMALL, said.append) is None
    assert "E072" in said[0]


def test_a_mistake_of_an_engine_is_told() -> None:
    def work() -> None:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        speed.unless_full((work,), 1, SMALL, print)


def test_no_case_begins_when_the_time_is_up() -> None:
    said: list[str] = []
    assert list(speed.cases("cpu", replace(SMALL, until=0.0), said.append)) == []
    assert len(said) == 2
    assert "no time left" in said[0]


def test_works_take_turns_and_the_best_and_the_median_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []
    clock = iter([8.0, 80.0, 4.0, 60.0, 6.0, 70.0])

    def milliseconds(work: Callable[[], object]) -> float:
        work()
        return next(clock)

    monkeypatch.setattr(speed, "milliseconds", milliseconds)
    works = (lambda: order.append("a"), lambda: order.append("b"))
    a, b = speed.timings(works, 2, Options(repeats=3, seconds=60.0))
    assert "".join(order) == "abababab"
    assert (a.best, a.median, b.best, b.median) == (2.0, 3.0, 30.0, 35.0)


def test_a_repeat_is_whole_batches() -> None:
    options = Options(fewest=64)
    assert [speed.repeat_of(batch, options) for batch in (1, 48, 64, 1024)] == [
        64, 96, 64, 1024,
    ]  # fmt: skip
