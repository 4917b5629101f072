"""Assignments that all read the old values, as a sequence that reads what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush

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
    readers = _readers(waiting)
    place = {target: k for k, target in enumerate(waiting)}
    unread = [(place[target], target) for target in waiting if not readers[target]]
    heapify(unread)
    ordered: list[Assign] = []
    kept: list[State] = []
    while waiting:
        if unread:
            _, target = heappop(unread)
        else:
            target = max(waiting, key=lambda each: len(readers[each]))
            old = _old(by_name[target])
            kept.append(old)
            ordered.append(Assign(old.name, Ref(target, old.dtype)))
            for reader in readers.pop(target):
                waiting[reader] = substitute(waiting[reader], {target: Ref(old.name, old.dtype)})
        value = waiting.pop(target)
        ordered.append(Assign(target, value))
        for name in names(value) & waiting.keys():
            readers[name].discard(target)
            if not readers[name]:
                heappush(unread, (place[name], name))
    return tuple(ordered), tuple(kept)


def _readers(waiting: Mapping[str, Expr]) -> dict[str, set[str]]:
    """The other waiting assignments that read each target."""
    found: dict[str, set[str]] = {target: set() for target in waiting}
    for target, value in waiting.items():
        for name in (names(value) & waiting.keys()) - {target}:
            found[name].add(target)
    return found


def _old(state: State) -> State:
    return State(f"old.{state.name}", state.unit, Const(0.0, state.dtype), state.dtype)
