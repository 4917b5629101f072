"""What integers of chips do late in a step: decays that are a part of what is added to a state, and
an end of the spikes of a neuron."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..expr import Apply, Const, Expr, Ref, affine, apply, names
from ..neuron import LEFT, Assign, NeuronStep, State
from ..types import DType, Fixed
from .decays import is_shift_decay
from .terms import Known

ZERO = np.zeros(())


def at_most(step: NeuronStep, spikes: int) -> NeuronStep:
    """The step of a neuron that fires so many times in a step at most."""
    left = Ref(LEFT, DType.I32)
    one, most = Const(1, DType.I32), Const(spikes, DType.I32)
    return replace(
        step,
        states=(*step.states, State(LEFT, "1", most, DType.I32)),
        decay=(*step.decay, Assign(LEFT, most)),
        reset=(*step.reset, Assign(LEFT, apply("sub", left, one))),
    )


def decayed_with_what_arrives(step: NeuronStep, known: Known) -> NeuronStep:
    """The step of floats for which it makes no difference that a state which is only delivered to
    decays after that in place of before it: what arrives is divided by what a step keeps, so that
    k (x + i / k) = k x + i."""
    integrated = {a.target for a in step.integrate}
    types = {s.name: s.dtype for s in step.states}
    kept: dict[str, Expr] = {}
    for assign in step.decay:
        terms = affine(assign.value, frozenset({assign.target})) or {}
        found = known.terms(assign.value)
        keeps = found is not None and bool((found.factors.get(assign.target, ZERO) > 0.0).all())
        if keeps and terms.keys() == {assign.target} and assign.target not in integrated:
            kept[assign.target] = terms[assign.target]
    deliver = tuple(
        _divided(a, kept[a.target], Ref(a.target, types[a.target])) if a.target in kept else a
        for a in step.deliver
    )
    return replace(step, deliver=deliver)


def _divided(assign: Assign, kept: Expr, state: Ref) -> Assign:
    terms = affine(assign.value, frozenset({state.name})) or {}
    if terms.keys() != {state.name, ""} or terms[state.name] != Const(1.0, state.dtype):
        return assign
    return Assign(state.name, apply("add", state, apply("div", terms[""], kept)))


def summed(
    decays: Sequence[Assign],
    added: Sequence[Assign],
    types: Mapping[str, Fixed],
    still: frozenset[str],
    bits: int,
) -> tuple[Assign, ...] | str:
    """The decays, and after them what is `added` to states. Where a state decays too, what it loses
    is a part of what it gets: the sum of what moves, clipped to so many bits, then each number that
    stands `still`, clipped again. The name of a state with which something else is done."""
    found = [a for a in decays if a.target not in {other.target for other in added}]
    for assign in added:
        own = [a.value for a in decays if a.target == assign.target]
        parts = list(parts_of(assign.value))
        itself = 1, Ref(assign.target, types[assign.target])
        others = [part for part in parts if part != itself]
        read = frozenset[str]().union(*(names(e) for _, e in others))
        lost = frozenset[str]().union(*(names(e) for e in own)) - {assign.target}
        if len(parts) != len(others) + 1 or assign.target in read or not lost <= still:
            return assign.target
        taken = [(-1, _taken(value, itself[1])) for value in own]
        moving = [*(part for part in others if not _stands(part, still)), *taken]
        standing = [part for part in others if _stands(part, still)]
        found.append(Assign(assign.target, apply("add", itself[1], _sum(moving, standing, bits))))
    return tuple(found)


def _stands(part: tuple[int, Expr], still: frozenset[str]) -> bool:
    return names(part[1]) <= still


def _sum(moving: list[tuple[int, Expr]], standing: list[tuple[int, Expr]], bits: int) -> Expr:
    (sign, total), *rest = moving or [standing.pop(0)]
    if sign < 0:
        total = apply("neg", total)
    for sign, part in rest:
        total = apply("add" if sign > 0 else "sub", total, part)
    total = apply("saturate", total, immediate=bits)
    for sign, part in standing:
        total = apply("add" if sign > 0 else "sub", total, part)
        total = apply("saturate", total, immediate=bits)
    return total


def _taken(decay: Expr, state: Ref) -> Expr:
    """What a decay takes from its state."""
    if isinstance(decay, Apply) and is_shift_decay(decay):
        return decay.args[1]
    return apply("sub", state, decay)


def parts_of(expr: Expr, sign: int = 1) -> Iterator[tuple[int, Expr]]:
    """The terms of a sum and their signs."""
    if isinstance(expr, Apply) and expr.op in ("add", "sub"):
        yield from parts_of(expr.args[0], sign)
        yield from parts_of(expr.args[1], sign if expr.op == "add" else -sign)
    elif isinstance(expr, Apply) and expr.op == "neg":
        yield from parts_of(expr.args[0], -sign)
    else:
        yield sign, expr
