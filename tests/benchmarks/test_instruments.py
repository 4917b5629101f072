"""What the instruments make of what they measured."""

from __future__ import annotations

import numpy as np
import pytest
from busy import Speeds
from checkout import rates_of
from first_run import own_seconds
from programs import NETS
from tables import rates_text
from turns import Row, Side, finding, take_turns


class Clock(Side):
    """A side whose measurements are given."""

    def __init__(self, name: str, values: list[float], order: list[str]) -> None:
        self.name, self.values, self.order = name, iter(values), order


def measure(side: Side) -> tuple[float, dict[str, float]]:
    assert isinstance(side, Clock)
    side.order.append(side.name)
    return next(side.values), {"h": 7.0}


def test_sides_take_turns_and_each_pair_has_a_ratio() -> None:
    order: list[str] = []
    old, new = Clock("a", [9, 10, 20, 40], order), Clock("b", [9, 11, 22, 36], order)
    found = take_turns(Row("x", "ms", measure), old, new, 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert (found.old, found.new, found.pairs, found.rates) == (20, 22, 3, {"h": 7.0})
    assert (found.lower, found.ratio) == pytest.approx((1.0, 1.1))
    assert not found.passes


def test_three_percent_slower_passes() -> None:
    assert finding(Row("x", "ms", measure), np.ones(1), np.array([1.03]), {}).passes


def test_the_default_is_compared_with_one_thread_by_medians() -> None:
    speeds = Speeds(1, {"default": [90.0, 80.0, 10.0], "one": [100.0, 1.0, 200.0]}, {})
    assert speeds.share == 0.8


def test_the_seconds_of_a_function_are_without_those_of_its_callees() -> None:
    records = [(0.0, True, "learn"), (1.0, True, "rows"), (4.0, False, "rows"),
               (4.5, True, "add"), (5.0, False, "add"), (6.0, False, "learn")]  # fmt: skip
    assert own_seconds(records) == [("rows", 3.0), ("learn", 2.5), ("add", 0.5)]


def test_rates_are_percent_of_the_steps() -> None:
    epoch = {"rates": [{"population": "h", "rate": 27.2}, {"population": "o", "rate": 1000.0}]}
    assert rates_of(epoch) == {"h": pytest.approx(2.72), "o": 100.0}
    assert rates_text({"h": 2.72, "o": 100.0, "d": 0.0907}) == "2.7 / 100.0 / 0.091"


def test_the_active_networks_come_first() -> None:
    assert [name.split()[0] for name in NETS] == ["active"] * 2 + ["sleepy"] * 2
