"""What each loss of `ir.rules.LOSSES` means, and how an engine takes it.

A loss judges every output neuron by its own readout and by whether it is the label's:
(call, readout, is it the label, steps of the sample) -> (dL/d readout, cost). Over counts that is a
table, which is how the kernels take it: any such loss costs them nothing and needs no kernel of its
own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, TrainSpec
from ...ir.rules import LOSSES as ROWS
from ...ir.rules import by_default
from ..protocols import NO_CLASS

Floats = npt.NDArray[np.float64]
COUNTS = "counts"


class Loss(NamedTuple):
    """A loss: what it reads, its terms, and the readout that it wants of the label's neuron in so
    many steps."""

    reads: str
    terms: Callable[[Call, Floats, bool, int], tuple[Floats, Floats]]
    wanted: Callable[[Call, int], float]


def count_terms(loss: Call, counts: Floats, is_label: bool, _steps: int) -> tuple[Floats, Floats]:
    """o - d outside the margin else 0, and its square."""
    error = counts - number(loss, "target" if is_label else "other")
    error = np.where(np.abs(error) <= number(loss, "margin"), 0.0, error)
    return error, error**2


def rate_terms(_loss: Call, counts: Floats, is_label: bool, steps: int) -> tuple[Floats, Floats]:
    """(o/T - y) / T and (o/T - y)^2 / 2, y 1 of the label and 0 of any other."""
    error = counts / steps - float(is_label)
    return error / steps, error**2 / 2


LOSSES: dict[str, Loss] = {
    "count": Loss(COUNTS, count_terms, lambda loss, steps: number(loss, "target")),
    "rate_mse": Loss(COUNTS, rate_terms, lambda loss, steps: float(steps)),
}


def loss_in(rule: Call) -> Call:
    """The loss `count` with the numbers that a rule's own arguments give it."""
    default = by_default("count", ROWS)
    said = dict(rule.arguments)
    return Call("count", tuple((name, said.get(name, x)) for name, x in default.arguments))


def loss_of(spec: TrainSpec) -> Call:
    """The loss of a spec: its own entry, or else what its rule says.

    CompileError(E051) where both say it, and not the same.
    """
    rule, loss = spec.call("rule"), spec.find("loss")
    if loss is None:
        return loss_in(rule)
    if loss_in(rule) not in (loss, by_default("count", ROWS)):
        raise CompileError(
            Diagnostic(
                "E051",
                f"the loss is said twice: `rule {rule.kind}(…)` gives numbers of its own, and "
                f"`loss {loss.kind}` stands beside it",
                spec.span,
                help="write them in `loss` alone",
            )
        )
    return loss


def undecided(loss: Call, steps: int) -> range:
    """The spike counts, of 0 … steps, that cost nothing whether the neuron is the label's or not;
    those from the first to the last."""
    _, costs = count_tables(loss, steps)
    free = np.flatnonzero((costs == 0.0).all(axis=0))
    return range(int(free[0]), int(free[-1]) + 1) if len(free) else range(0)


def judge(
    loss: Call, readout: npt.NDArray[Any], label: int, steps: int
) -> tuple[Floats, Floats, int]:
    """(dL/d readout, cost, [outputs] each, prediction) of one sample; the prediction is the arg
    max, the lowest index on a tie, NO_CLASS where all are 0."""
    values = np.asarray(readout, np.float64)
    terms = LOSSES[loss.kind].terms
    own, others = (terms(loss, values, is_label, steps) for is_label in (True, False))
    is_label = np.arange(len(values)) == label
    error, cost = (np.where(is_label, a, b) for a, b in zip(own, others, strict=True))
    return error, cost, int(values.argmax()) if values.any() else NO_CLASS


def count_tables(loss: Call, steps: int) -> tuple[npt.NDArray[np.float32], Floats]:
    """(dL/d count f32, cost f64), [2, steps + 1] each: of any other neuron and of the label's, at
    0 … steps spikes. The costs are those of the rounded errors where they are their squares."""
    counts = np.arange(steps + 1, dtype=np.float64)
    rows = [LOSSES[loss.kind].terms(loss, counts, is_label, steps) for is_label in (False, True)]
    return np.array([r[0] for r in rows], np.float32), np.array([r[1] for r in rows], np.float64)
