"""Whether a loss tells the label's neuron from the others."""

from __future__ import annotations

from typing import Any

from ...ir.calls import number
from ...ir.diagnostics import Diagnostic
from ...ir.graph import Call, TrainSpec
from .table import LOSSES, CountLoss, undecided

WITHOUT = "an `other` at least 1 below `target`"


def indistinct(loss: Call, steps: int, spec: TrainSpec) -> tuple[Diagnostic, ...]:
    """W050 where counts are right both for the label's neuron and for the others, or where the
    label's neuron is to fire no more than these."""
    said, is_count = dict(loss.arguments), isinstance(LOSSES[loss.kind], CountLoss)
    if is_count and "other" in said and number(loss, "target") <= number(loss, "other"):
        message = (
            f"the label's neuron is to fire {number(loss, 'target'):g} times, any other one "
            f"{number(loss, 'other'):g}, and the class is that of the neuron that fires most"
        )
        return (Diagnostic("W050", message, spec.span, help="choose an `other` below `target`"),)
    if loss.kind == "kernel" and _is_one_for_two(said["trains"] or (said["other"], said["target"])):
        message = (
            "of two classes every output is to fire the same train, so nothing tells them apart"
        )
        return (Diagnostic("W050", message, spec.span, help="choose a train for each"),)
    counts = undecided(loss, steps)
    if not counts:
        return ()
    numbers = ", ".join(f"{name} = {value}" for name, value in loss.arguments)
    message = (
        f"an output neuron that fires {counts[0]} to {counts[-1]} spikes costs nothing, be it the "
        f"label's or not ({numbers})"
    )
    if 0 in counts:
        message += ", so a network that stays silent learns nothing"
    has_margin = "margin" in said
    way_out = f"choose {'a margin below half of target - other' if has_margin else WITHOUT}"
    return (Diagnostic("W050", message, spec.span, help=way_out),)


def _is_one_for_two(trains: Any) -> bool:
    return len(set(trains)) < len(trains)
