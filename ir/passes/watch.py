"""States that a step may lose, to infinity or to what is no number, and what remembers that.

A reset or a hold may bring such a state back, and nothing that is measured of a neuron would show
it: infinite above a threshold, it fires; not a number, it never does. Neither would a comparison
with what is no number, which never holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..expr import Apply, Const, Expr, Ref, apply, names, walk
from ..neuron import (
    COUNTER,
    LAST_EMITTED,
    LOST,
    SPIKED,
    Assign,
    NeuronStep,
    State,
    remember,
)
from ..types import FLOATS, DType, Scalar

# Operators that may give no finite number, and the arguments on which it depends.
_LOSING: dict[str, Callable[[Apply], tuple[Expr, ...]]] = {
    "div": lambda expr: expr.args[1:],
    "pow": lambda expr: () if _is_whole(expr.args[1]) else expr.args,
    "log": lambda expr: expr.args,
    "sqrt": lambda expr: expr.args,
    "exp": lambda expr: expr.args,
    "exprel": lambda expr: expr.args,
}
_COMPARING = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def watched(step: NeuronStep) -> NeuronStep:
    """The step with a state "x.lost" for every state x that it may lose: 0 until then, and not a
    number ever after. What is compared with no number while x is worked out counts as well, and
    what the threshold compares, as the state SPIKED."""
    assigns = [a for phase in step.assigns.values() for a in phase]
    kept = [s for s in step.states if s.dtype in FLOATS and _is_lossy(s, assigns, step)]
    phases = {
        name: tuple(each for a in phase for each in (*_doubts(a, kept, step), a))
        for name, phase in step.assigns.items()
    }
    after = tuple(remember(s.name, s.dtype) for s in kept)
    found = step.with_phases({**phases, "integrate": (*phases["integrate"], *after)})
    return _watched_threshold(replace(found, states=(*step.states, *map(_lost, kept))))


def watched_emission(step: NeuronStep) -> NeuronStep:
    """The same for the number that a neuron emits and sends: who receives it may show as little."""
    if step.emit is None or not _may_lose(step.emit, step):
        return step
    last = next(s for s in step.states if s.name == LAST_EMITTED)
    return replace(step, states=(*step.states, _lost(last)))


def _is_lossy(state: State, assigns: list[Assign], step: NeuronStep) -> bool:
    return any(a.target == state.name and _may_lose(a.value, step) for a in assigns)


def _doubts(assign: Assign, kept: list[State], step: NeuronStep) -> Iterator[Assign]:
    """What remembers, before an assignment, that it will compare what is no number."""
    for state in kept:
        if state.name == assign.target:
            yield from _compared(assign.value, state.name + LOST, state.dtype, step)


def _watched_threshold(step: NeuronStep) -> NeuronStep:
    """The step that remembers, right after the threshold, what that compared outside of refractory
    steps; states are then as they were for it."""
    if step.threshold is None:
        return step
    doubts = tuple(_compared(step.threshold, SPIKED + LOST, DType.F32, step))
    if not doubts:
        return step
    if step.refractory is not None:
        doubts = tuple(_unless_refractory(each) for each in doubts)
    lost = State(SPIKED + LOST, "1", Const(0.0, DType.F32), DType.F32)
    return replace(step, states=(*step.states, lost), relax=(*doubts, *step.relax))


def _compared(expr: Expr, lost: str, dtype: Scalar, step: NeuronStep) -> Iterator[Assign]:
    """What makes `lost` no number where a comparison's argument is none; infinity compares."""
    for node in walk(expr):
        for argument in node.args if isinstance(node, Apply) and node.op in _COMPARING else ():
            if argument.dtype == dtype and _may_lose(argument, step):
                kept, zero = Ref(lost, dtype), apply("sub", argument, argument)
                is_number = apply("eq", argument, argument)
                yield Assign(lost, apply("select", is_number, kept, apply("add", kept, zero)))


def _unless_refractory(assign: Assign) -> Assign:
    may_fire = apply("le", COUNTER, Const(0, DType.I32))
    kept = Ref(assign.target, assign.value.dtype)
    return Assign(assign.target, apply("select", may_fire, assign.value, kept))


def _lost(state: State) -> State:
    return State(state.name + LOST, "1", Const(0.0, state.dtype), state.dtype)


def _may_lose(expr: Expr, step: NeuronStep) -> bool:
    variables = frozenset(s.name for s in step.states) | frozenset(step.ports)
    found = (n for n in walk(expr) if isinstance(n, Apply) and n.op in _LOSING)
    return any(names(argument) & variables for n in found for argument in _LOSING[n.op](n))


def _is_whole(exponent: Expr) -> bool:
    return isinstance(exponent, Const) and exponent.value >= 0 and exponent.value % 1 == 0
