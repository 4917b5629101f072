"""SCHEDULES' meaning: the learning rate of an epoch."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.graph import Call

# (learning rate of the optimizer, epoch from 0, the schedule's call) -> learning rate
Schedule = Callable[[float, int, Call], float]


def _step(rate: float, epoch: int, schedule: Call) -> float:
    every, factor = schedule["every"], schedule["factor"]
    assert isinstance(every, int | float)
    assert isinstance(factor, int | float)
    return rate * float(factor) ** (epoch // int(every))


MEANING: dict[str, Schedule] = {
    "constant": lambda rate, *_: rate,
    "inverse_sqrt": lambda rate, epoch, _: rate / (epoch + 1) ** 0.5,
    "logged": lambda rate, epoch, _: rate / max(epoch, 1) ** 0.5,
    "step": _step,
}


def learning_rate(optimizer: Call, schedule: Call, epoch: int) -> float:
    """The learning rate of an epoch (from 0)."""
    rate = optimizer["lr"]
    assert isinstance(rate, int | float)
    return MEANING[schedule.kind](float(rate), epoch, schedule)
