"""The learning rate of an epoch."""

from __future__ import annotations

from ...ir.calls import number
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, TrainSpec
from ...ir.rules import SCHEDULES


def learning_rate(optimizer: Call, schedule: Call, epoch: int) -> float:
    """The learning rate of an epoch (from 0)."""
    return SCHEDULES[schedule.kind].rate(number(optimizer, "lr"), epoch, schedule)


def is_spread(spec: TrainSpec) -> bool:
    """Whether the schedule goes over all epochs that are learnt, however many, and names none."""
    return dict(spec.call("schedule").arguments).get("epochs") == 0


def spread(spec: TrainSpec) -> TrainSpec:
    """The spec whose schedule says over how many epochs it goes; CompileError(E051) where it comes
    to 0 before the last epoch, which would then learn nothing."""
    schedule, epochs = spec.call("schedule"), spec.count("epochs")
    if is_spread(spec):
        filled = dict(schedule.arguments) | {"epochs": epochs}
        schedule = Call(schedule.kind, tuple(filled.items()))
    if learning_rate(spec.call("optimizer"), schedule, epochs - 1) > 0.0:
        return spec.but(schedule=schedule)
    message = f"the learning rate of `{schedule.kind}` is 0 in the last of {epochs} epochs"
    way_out = "let it end above 0, or go over more epochs, or learn fewer"
    raise CompileError(Diagnostic("E051", message, spec.span, help=way_out))
