"""Changes of networks of integers, and from floats to integers and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.expr import Apply, Const, Expr, Ref, apply
from ...ir.model import Model, unit_name, value_name, weights_name
from ...ir.neuron import Assign, NeuronStep
from ...ir.tensors import numbers
from ...ir.types import Fixed, Scalar
from .alone import Case
from .change import DECAY_ROUNDING, ROUNDING, SATURATION, Change
from .synapses import by_weight

Array = npt.NDArray[Any]
Retype = Callable[[Fixed], Fixed]

ROUNDINGS = ("floor", "nearest_even", "toward_zero")
STATE_BITS = (24, 16)
FEWER = range(1, 9)  # bits of a factor


def roundings(case: Case) -> Iterator[Change]:
    """Codes between two rounded otherwise, and factors of fewer bits."""
    step = case.step
    found = next(iter(_fixed(step)), None)
    if found is None:
        return
    for rounding in ROUNDINGS:
        if rounding != found.rounding:
            said = f"codes rounded by `{rounding}` in place of `{found.rounding}`"
            model = _retyped(case, lambda t, to=rounding: replace(t, rounding=to))  # type: ignore[misc]
            yield Change(DECAY_ROUNDING, said, model)
    for fewer in FEWER:
        changed = _with(step, lambda e, fewer=fewer: _shortened(e, fewer))  # type: ignore[misc]
        if changed != step:
            said = f"factors of {fewer} bits less"
            yield Change(DECAY_ROUNDING, said, case.with_population(step=changed))


def saturations(case: Case) -> Iterator[Change]:
    """Codes beyond their type treated otherwise, and states clipped to fewer bits."""
    step = case.step
    found = next(iter(_fixed(step)), None)
    if found is None:
        return
    other = "saturate" if found.overflow == "wrap" else "wrap"
    said = f"codes beyond their type by `{other}` in place of `{found.overflow}`"
    yield Change(SATURATION, said, _retyped(case, lambda t: replace(t, overflow=other)))  # type: ignore[arg-type]
    for bits in STATE_BITS:
        clips = tuple(_clips(step, bits))
        if clips:
            changed = replace(step, integrate=(*step.integrate, *clips))
            said = f"states clipped to {bits} bits"
            yield Change(SATURATION, said, case.with_population(step=changed))


def _fixed(step: NeuronStep) -> Iterator[Fixed]:
    """The types of the states that are codes."""
    return (s.dtype for s in step.states if isinstance(s.dtype, Fixed))


def _clips(step: NeuronStep, bits: int) -> Iterator[Assign]:
    for state in step.states:
        dtype = state.dtype
        if isinstance(dtype, Fixed) and dtype.bits > bits and state.name not in step.still:
            ends = Fixed(bits, dtype.frac)
            low, high = Const(ends.low, dtype), Const(ends.high, dtype)
            yield Assign(state.name, apply("min", apply("max", Ref(state.name, dtype), low), high))


def _retyped(case: Case, retype: Retype) -> Model:
    """The settled model with other types of codes in its population."""

    def made(dtype: Scalar) -> Scalar:
        return retype(dtype) if isinstance(dtype, Fixed) else dtype

    def changed(expr: Expr) -> Expr:
        if isinstance(expr, Apply):
            immediate = expr.immediate
            kind = retype(immediate) if isinstance(immediate, Fixed) else immediate
            return apply(expr.op, *map(changed, expr.args), immediate=kind)
        return replace(expr, dtype=made(expr.dtype))

    step = _with(case.step, changed)
    states = tuple(replace(s, dtype=made(s.dtype), init=changed(s.init)) for s in step.states)
    model = case.with_population(step=replace(step, states=states))
    own = value_name(case.population.name, "")
    values = {
        n: replace(v, dtype=made(v.dtype)) if n.startswith(own) else v
        for n, v in model.values.items()
    }
    return replace(model, values=values)


def _with(step: NeuronStep, changed: Callable[[Expr], Expr]) -> NeuronStep:
    """The step with all of its expressions changed."""

    def optional(expr: Expr | None) -> Expr | None:
        return None if expr is None else changed(expr)

    phases = {
        phase: tuple(replace(a, value=changed(a.value)) for a in assigns)
        for phase, assigns in step.assigns.items()
    }
    alone = {name: optional(getattr(step, name)) for name in ("threshold", "refractory", "emit")}
    return replace(step.with_phases(phases), **alone)  # type: ignore[arg-type]


def _shortened(expr: Expr, fewer: int) -> Expr:
    """The expression with the factors of its products rounded to fewer bits."""
    if not isinstance(expr, Apply):
        return expr
    arguments = [_shortened(argument, fewer) for argument in expr.args]
    if expr.op == "mulwide":
        arguments = [_rounded(argument, fewer) for argument in arguments]
    return apply(expr.op, *arguments, immediate=expr.immediate)


def _rounded(expr: Expr, fewer: int) -> Expr:
    if not isinstance(expr, Const):
        return expr
    code = round(expr.value / 2**fewer) * 2**fewer
    holds = not isinstance(expr.dtype, Fixed) or expr.dtype.holds(code)
    return replace(expr, value=code) if holds else expr


def from_floats(case: Case) -> Iterator[Change]:
    """Of a network of floats beside one of integers: the weights alone, then all of it."""
    other = case.other
    assert other is not None
    weights = {p.name: weights_of(other, p.name) for p in case.projections}
    said = f"the weights rounded as in {case.label}"
    yield Change(ROUNDING, said, case.with_weights(weights))
    said = f"all of `{case.population.name}` in integers as in {case.label}"
    yield Change(DECAY_ROUNDING, said, other, is_whole=True)


def from_integers(case: Case) -> Iterator[Change]:
    """The reverse: the states alone in floats, then all of it."""
    other = case.other
    assert other is not None
    weights = {p.name: weights_of(case.model, p.name) for p in case.projections}
    kept = replace(case, model=other).with_weights(weights)
    said = f"the states of `{case.population.name}` in floats as in {case.label}"
    yield Change(DECAY_ROUNDING, said, kept)
    said = f"all of `{case.population.name}` in floats as in {case.label}"
    yield Change(ROUNDING, said, other, is_whole=True)


def weights_of(model: Model, projection: str) -> Array:
    """The weights in the unit of their port, whatever they are kept as."""
    (found,) = (p for p in model.graph.projections if p.name == projection)
    values = numbers(model.values[weights_name(projection)]).astype(np.float64)
    unit = model.values.get(value_name(found.post, unit_name(found.port)))
    if unit is None:
        return values
    neurons = model.graph.population(found.post).neurons
    units = np.broadcast_to(unit.array, (neurons,))
    return np.asarray(values * by_weight(model.wirings[projection], units))
