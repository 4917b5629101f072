"""Decays of codes without a multiplier, as chips have them: by shifts or by a constant, and where
decays end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..expr import Apply, Const, Expr, Ref, apply, evaluate, names, walk
from ..neuron import LOST, Assign, NeuronStep
from .precision import PHASES

FAR = 1 << 17  # codes; twice as many as a factor of 16 bits leaves as they are


def shift_decay(source: Ref, places: int) -> Expr:
    """x - (x >> places), and by 1 towards 0 where that takes nothing away: it ends at 0."""
    zero, one = (Const(code, source.dtype) for code in (0, 1))
    away = apply("shr", source, immediate=places)
    sign = apply("select", apply("gt", source, zero), one, apply("neg", one))
    least = apply("select", apply("eq", source, zero), zero, sign)
    return apply("sub", source, apply("select", apply("eq", away, zero), least, away))


def linear_decay(source: Ref, leak: Expr) -> Expr:
    """x nearer to 0 by `leak`, a code above 0, and no further than 0."""
    zero = Const(0, source.dtype)
    down = apply("max", apply("sub", source, leak), zero)
    up = apply("min", apply("add", source, leak), zero)
    return apply("select", apply("gt", source, zero), down, up)


def constant_decay(source: Ref, leak: Expr) -> Expr:
    """x less `leak`, whatever x is."""
    return apply("sub", source, leak)


def is_shift_decay(expr: Expr) -> bool:
    """Whether an expression is such a decay."""
    if not (isinstance(expr, Apply) and expr.op == "sub" and isinstance(expr.args[0], Ref)):
        return False
    found = [n.immediate for n in walk(expr) if isinstance(n, Apply) and n.op == "shr"]
    return bool(found) and isinstance(found[0], int) and expr == shift_decay(expr.args[0], found[0])


def decays_of(before: NeuronStep, step: NeuronStep, leak: str) -> tuple[Assign, ...]:
    """What the decays of a step of floats became in that of its integers, by a row of LEAKS: they
    are the first of their phase."""
    count = sum(not a.target.endswith(LOST) for a in before.decay)
    return step.assigns[PHASES[leak]][:count]


def dead_zone(
    decays: Sequence[Assign],
    state: str,
    still: frozenset[str],
    starts: Mapping[str, npt.ArrayLike],
) -> tuple[int, int]:
    """The least and the greatest code of a state that its decay leaves as it is, of any neuron;
    `starts` are the codes of what stands `still`. (0, 0) without a decay that reads itself
    alone."""
    own = [a.value for a in decays if a.target == state]
    if len(own) != 1 or not names(own[0]) - {state} <= still:
        return 0, 0
    codes = np.arange(-FAR, FAR + 1)
    stays = np.zeros(codes.shape, bool)
    for end in (np.min, np.max):
        values = {name: int(end(starts[name])) for name in names(own[0]) - {state}}
        stays |= evaluate(own[0], {state: codes, **values}) == codes
    found = codes[stays]
    return int(found.min(initial=0)), int(found.max(initial=0))
