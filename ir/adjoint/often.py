"""Neurons that may fire several times in a step: what each of these spikes does to the states, and
the margin of each.

A neuron whose reset subtracts delta from v fires k times where its margin m at the end of a step is
above (k - 1) d, d being the drop of the margin by a reset: the count is a sum of steps at 0, d,
2 d, ..., and a surrogate of each stands for its derivative (the periodic one of Weidel and Sheik,
"WaveSense", 2021, where the neurons of Xylo are trained so).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import Const, Expr, Ref, affine, apply, substitute
from ..neuron import NeuronStep
from ..passes.simplify import simplify
from ..types import FLOATS


def resets(step: NeuronStep, span: Span | None) -> dict[str, Expr]:
    """What a spike adds to each state that it changes; CompileError(E050) where it does anything
    else than to add a number."""
    found: dict[str, Expr] = {}
    variables = frozenset(s.name for s in step.states if s.dtype in FLOATS) - step.still
    for assign in step.reset:
        terms = affine(simplify(assign.value), variables)
        own = None if terms is None else terms.get(assign.target)
        is_sum = terms is not None and terms.keys() <= {assign.target, ""}
        if not is_sum or own is None or simplify(own) != Const(1.0, own.dtype):
            raise CompileError(_other_reset(assign.target, span))
        assert terms is not None
        found[assign.target] = simplify(terms.get("", Const(0.0, own.dtype)))
    if step.refractory is not None:
        raise CompileError(_refractory(span))
    return found


def margins(margin: Expr, changes: Mapping[str, Expr], most: int) -> Iterator[Expr]:
    """The margin of each spike that there may be: after none, one, two, … of them."""
    for k in range(most):
        moved = {
            name: simplify(apply("add", Ref(name, change.dtype), _times(k, change)))
            for name, change in changes.items()
        }
        yield simplify(substitute(margin, moved)) if k else margin


def _times(count: int, change: Expr) -> Expr:
    return apply("mul", Const(float(count), change.dtype), change)


def _other_reset(state: str, span: Span | None) -> Diagnostic:
    return Diagnostic(
        "E050",
        f"several spikes a step are learnt from where each of them adds to `{state}`, and a reset "
        "to a value makes one of any number",
        span,
        help="subtract the threshold at a spike, or take `--spikes 1`",
    )


def _refractory(span: Span | None) -> Diagnostic:
    return Diagnostic(
        "E050",
        "a neuron that rests after a spike fires once in a step, and may not fire several times",
        span,
        help="take a neuron without a refractory time, or `--spikes 1`",
    )
