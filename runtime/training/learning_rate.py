"""The learning rate of an epoch."""

from __future__ import annotations

from ...ir.calls import number
from ...ir.graph import Call
from ...ir.rules import SCHEDULES


def learning_rate(optimizer: Call, schedule: Call, epoch: int) -> float:
    """The learning rate of an epoch (from 0)."""
    return SCHEDULES[schedule.kind].rate(number(optimizer, "lr"), epoch, schedule)
