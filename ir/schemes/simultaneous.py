"""Assignments that all read the old values, as a sequence that reads what it finds."""

from __future__ import annotations

from collections.abc import Sequence

from ..expr import Const, Expr, Ref, names, substitute
from ..neuron import Assign, State


def sequence(
    assigns: Sequence[Assign], states: Sequence[State]
) -> tuple[tuple[Assign, ...], tuple[State, ...]]:
    """The assignments in an order in which none reads a new value, and the extra states needed.

    Where states read each other in a cycle, one of them is kept as it was in a state `old.<name>`,
    which carries nothing from step to step.
    """
    waiting = {a.target: a.value for a in assigns}
    by_name = {s.name: s for s in states}
    ordered: list[Assign] = []
    kept: list[State] = []
    while waiting:
        target = _unread(waiting)
        if target is None:
            target = _most_read(waiting)
            old = _old(by_name[target])
            kept.append(old)
            ordered.append(Assign(old.name, Ref(target, old.dtype)))
            waiting = _reading_old(waiting, target, old)
        ordered.append(Assign(target, waiting.pop(target)))
    return tuple(ordered), tuple(kept)


def _unread(waiting: dict[str, Expr]) -> str | None:
    """The first target that no other waiting assignment reads."""
    return next((target for target, count in _readers(waiting).items() if count == 0), None)


def _most_read(waiting: dict[str, Expr]) -> str:
    readers = _readers(waiting)
    return max(readers, key=lambda target: readers[target])


def _readers(waiting: dict[str, Expr]) -> dict[str, int]:
    """How many other waiting assignments read each target."""
    reads = {target: names(value) for target, value in waiting.items()}
    return {
        target: sum(target in read for other, read in reads.items() if other != target)
        for target in waiting
    }


def _old(state: State) -> State:
    return State(f"old.{state.name}", state.unit, Const(0.0, state.dtype), state.dtype)


def _reading_old(waiting: dict[str, Expr], target: str, old: State) -> dict[str, Expr]:
    replacement = {target: Ref(old.name, old.dtype)}
    return {
        name: value if name == target else substitute(value, replacement)
        for name, value in waiting.items()
    }
