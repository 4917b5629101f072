"""What each loss of `ir.rules.LOSSES` means, and how an engine takes it.

A loss of counts judges every output neuron by its own count and by whether it is the label's:
(call, count, is it the label, steps of the sample) -> (dL/d count, cost). That is a table, which is
how the kernels take it: any such loss costs them nothing and needs no kernel of its own. A loss of
scores judges the outputs together, by what they emitted last or, if they spike, by their counts.
A loss of trains judges every output by when it spiked (`trains.py`, `first.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, Population, TrainSpec
from ...ir.rules import LOSSES as ROWS
from ...ir.rules import by_default
from ..protocols import NO_CLASS
from .first import first_moved, first_problem, first_terms
from .trains import train_moved, train_problem, train_terms

Floats = npt.NDArray[np.float64]
TABLE, SOFTMAX, TRAINS, FIRST = 0, 1, 2, 3  # how the kernels compute a loss


class CountLoss(NamedTuple):
    """A loss of every output by its count: its terms, and the count that it wants of the label's
    neuron in so many steps."""

    terms: Callable[[Call, Floats, bool, int], tuple[Floats, Floats]]
    wanted: Callable[[Call, int], float]
    kernel: int = TABLE


class ScoreLoss(NamedTuple):
    """A loss of all scores [outputs] together: (call, scores, label) -> (dL/d score, cost)."""

    terms: Callable[[Call, Floats, int], tuple[Floats, Floats]]
    kernel: int


class TrainLoss(NamedTuple):
    """A loss of spikes in their steps: (call, spikes [T, outputs], label, dt [ms]) -> (dL/d spike
    [T, outputs], cost [outputs]). `moved`, of the same: dL/d(time of a spike) [T, outputs], a step.
    `problem`: (call, output, dt) -> why it does not fit and a way out, None if it does."""

    terms: Callable[[Call, npt.NDArray[Any], int, float], tuple[Floats, Floats]]
    moved: Callable[[Call, npt.NDArray[Any], int, float], Floats]
    kernel: int
    problem: Callable[[Call, Population, float], tuple[str, str] | None] = lambda *_: None


def count_terms(loss: Call, counts: Floats, is_label: bool, _steps: int) -> tuple[Floats, Floats]:
    """o - d outside the margin else 0, and its square."""
    error = counts - number(loss, "target" if is_label else "other")
    error = np.where(np.abs(error) <= number(loss, "margin"), 0.0, error)
    return error, error**2


def rate_terms(_loss: Call, counts: Floats, is_label: bool, steps: int) -> tuple[Floats, Floats]:
    """(o/T - y) / T and (o/T - y)^2 / 2, y 1 of the label and 0 of any other."""
    error = counts / steps - float(is_label)
    return error / steps, error**2 / 2


def hinge_terms(loss: Call, counts: Floats, is_label: bool, steps: int) -> tuple[Floats, Floats]:
    """e / T and e^2 / (2 T) of e = min(o - d, 0) of the label's neuron, max(o - d, 0) of another
    (the authors' code of Zhang & Li 2020)."""
    error = counts - number(loss, "target" if is_label else "other")
    error = np.minimum(error, 0.0) if is_label else np.maximum(error, 0.0)
    return error / steps, error**2 / (2 * steps)


def entropy_terms(loss: Call, scores: Floats, label: int) -> tuple[Floats, Floats]:
    """s (p - y) with p the softmax of s x, and -log p of the label, 0 of the others."""
    scale = number(loss, "scale")
    powers = np.exp(scale * (scores - scores.max()))
    is_label = np.arange(len(scores)) == label
    error = scale * (powers / powers.sum() - is_label)
    cost = np.log(powers.sum()) - scale * (scores[label] - scores.max())
    return error, np.where(is_label, cost, 0.0)


LOSSES: dict[str, CountLoss | ScoreLoss | TrainLoss] = {
    "count": CountLoss(count_terms, lambda loss, steps: number(loss, "target")),
    "count_hinge": CountLoss(hinge_terms, lambda loss, steps: number(loss, "target")),
    "cross_entropy": ScoreLoss(entropy_terms, SOFTMAX),
    "first_spike": TrainLoss(first_terms, first_moved, FIRST, first_problem),
    "kernel": TrainLoss(train_terms, train_moved, TRAINS, train_problem),
    "rate_mse": CountLoss(rate_terms, lambda loss, steps: float(steps)),
}


def of_counts(loss: Call) -> CountLoss:
    """The row of a loss of counts; it must be one."""
    row = LOSSES[loss.kind]
    assert isinstance(row, CountLoss), loss.kind
    return row


def count_loss_of(spec: TrainSpec) -> Call:
    """The loss of a spec whose rule learns by counts alone; CompileError(E050) for another."""
    loss = loss_of(spec)
    if isinstance(LOSSES[loss.kind], CountLoss):
        return loss
    kind = spec.call("rule").kind
    others = ", ".join(f"`{name}`" for name, row in LOSSES.items() if isinstance(row, CountLoss))
    message = f"`{kind}` learns by spike counts, and `loss {loss.kind}` is none of counts"
    way_out = f"write one of {others}, or learn by `rule surrogate`"
    raise CompileError(Diagnostic("E050", message, spec.span, help=way_out))


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


def require_fit(spec: TrainSpec, output: Population, dt: float) -> None:
    """CompileError(E051) where a loss of trains does not fit, see `TrainLoss.problem`."""
    loss = loss_of(spec)
    row = LOSSES[loss.kind]
    problem = row.problem(loss, output, dt) if isinstance(row, TrainLoss) else None
    if problem is not None:
        message, way_out = problem
        raise CompileError(Diagnostic("E051", message, spec.span, help=way_out))


def undecided(loss: Call, steps: int) -> range:
    """The spike counts, of 0 … steps, that cost nothing whether the neuron is the label's or not;
    those from the first to the last."""
    if not isinstance(LOSSES[loss.kind], CountLoss):
        return range(0)
    _, costs = count_tables(loss, steps)
    free = np.flatnonzero((costs == 0.0).all(axis=0))
    return range(int(free[0]), int(free[-1]) + 1) if len(free) else range(0)


def judge(
    loss: Call, readout: npt.NDArray[Any], label: int, steps: int
) -> tuple[Floats, Floats, int]:
    """(dL/d readout, cost, [outputs] each, prediction) of one sample; the prediction is the arg
    max, the lowest index on a tie, NO_CLASS where all are 0."""
    values, row = np.asarray(readout, np.float64), LOSSES[loss.kind]
    if isinstance(row, ScoreLoss):
        error, cost = row.terms(loss, values, label)
    else:
        terms = of_counts(loss).terms
        own, others = (terms(loss, values, is_label, steps) for is_label in (True, False))
        is_label = np.arange(len(values)) == label
        error, cost = (np.where(is_label, a, b) for a, b in zip(own, others, strict=True))
    return error, cost, int(values.argmax()) if values.any() else NO_CLASS


def count_tables(loss: Call, steps: int) -> tuple[npt.NDArray[np.float32], Floats]:
    """(dL/d count f32, cost f64), [2, steps + 1] each: of any other neuron and of the label's, at
    0 … steps spikes. The costs are those of the rounded errors where they are their squares."""
    counts = np.arange(steps + 1, dtype=np.float64)
    rows = [of_counts(loss).terms(loss, counts, is_label, steps) for is_label in (False, True)]
    return np.array([r[0] for r in rows], np.float32), np.array([r[1] for r in rows], np.float64)
