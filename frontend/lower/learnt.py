"""The parameters of a population that a training changes, and the ranges that they keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from ...ir.diagnostics import CompileError, Diagnostic, Note
from ...ir.expr import names
from ...ir.graph import Learnt
from ...ir.schemes import SCHEMES
from ..typing.learning import Learns
from ..typing.models import CheckedModel
from ..units import TIME


def learnt_of(
    population: str, model: CheckedModel, values: Mapping[str, float], method: str, dt: float
) -> tuple[Learnt, ...]:
    """Those of a population with these parameters; CompileError(E051) for one that cannot be."""
    said = {name: how for name, how in model.learnt.items() if how is not None}
    made = {name: _learnt(name, how, model, method, dt) for name, how in said.items()}
    wrong = [
        mistake
        for name, learnt in made.items()
        for mistake in _mistakes(population, learnt, said[name], model, values[name])
    ]
    if wrong:
        raise CompileError(wrong)
    return tuple(made.values())


def _learnt(name: str, how: Learns, model: CheckedModel, method: str, dt: float) -> Learnt:
    is_time = model.parameters[name].dimension == TIME
    # The least time that decays: by Euler steps to nothing within one of them, exactly at all.
    least = dt / SCHEMES[method].falls if is_time else -inf
    low = least if how.low is None else how.low
    return Learnt(name, how.lr_mult, how.is_shared, low, inf if how.high is None else how.high)


def _mistakes(
    population: str, learnt: Learnt, how: Learns, model: CheckedModel, value: float
) -> Iterator[Diagnostic]:
    name, refractory = learnt.name, model.neuron.refractory
    note = (Note(model.parameters[name].span, f"`{name}` is declared here"),)
    if refractory is not None and name in names(refractory.duration):
        message = f"`{name}` cannot be trained: a refractory time is a whole number of steps"
        yield Diagnostic("E051", message, how.span, related=note, help="leave `trainable` out")
    elif value not in learnt.range:
        unit = next(p.unit for p in model.neuron.parameters if p.name == name)
        start = f"`{name}` of `{population}` starts at {value:g} {unit}"
        message = f"{start}, and is to stay {learnt.range} {unit}"
        way_out = "start within the range, or say another: `trainable(low = …, high = …)`"
        yield Diagnostic("E051", message, how.span, related=note, help=way_out)
