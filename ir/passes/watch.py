"""States that a step may lose, to infinity or to what is no number, and what remembers that.

A reset or a hold may bring such a state back, and nothing that is measured of a neuron would show
it: infinite above a threshold, it fires; not a number, it never does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..expr import Apply, Const, Expr, names, walk
from ..neuron import LAST_EMITTED, LOST, NeuronStep, State, remember
from ..types import FLOATS

# Operators that may give no finite number, and the arguments on which it depends.
_LOSING: dict[str, Callable[[Apply], tuple[Expr, ...]]] = {
    "div": lambda expr: expr.args[1:],
    "pow": lambda expr: () if _is_whole(expr.args[1]) else expr.args,
    "log": lambda expr: expr.args,
    "sqrt": lambda expr: expr.args,
    "exp": lambda expr: expr.args,
}


def watched(step: NeuronStep) -> NeuronStep:
    """The step with a state "x.lost" for every state x that it may lose: 0 until then, and not a
    number ever after."""
    assigns = (*step.decay, *step.deliver, *step.integrate)
    may = {a.target for a in assigns if _may_lose(a.value, step)}
    lost = [s for s in step.states if s.name in may and s.dtype in FLOATS]
    states = map(_lost, lost)
    kept = (remember(s.name, s.dtype) for s in lost)
    return replace(step, states=(*step.states, *states), integrate=(*step.integrate, *kept))


def watched_emission(step: NeuronStep) -> NeuronStep:
    """The same for the number that a neuron emits and sends: who receives it may show as little."""
    if step.emit is None or not _may_lose(step.emit, step):
        return step
    last = next(s for s in step.states if s.name == LAST_EMITTED)
    return replace(step, states=(*step.states, _lost(last)))


def _lost(state: State) -> State:
    return State(state.name + LOST, "1", Const(0.0, state.dtype), state.dtype)


def _may_lose(expr: Expr, step: NeuronStep) -> bool:
    variables = frozenset(s.name for s in step.states) | frozenset(step.ports)
    found = (n for n in walk(expr) if isinstance(n, Apply) and n.op in _LOSING)
    return any(names(argument) & variables for n in found for argument in _LOSING[n.op](n))


def _is_whole(exponent: Expr) -> bool:
    return isinstance(exponent, Const) and exponent.value >= 0 and exponent.value % 1 == 0
