"""How far a population is from its threshold, while it fires as it is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.expr import Const, Ref, apply, evaluate, substitute
from ...ir.graph import Call, Population, Projection
from ...ir.model import start_of
from ...ir.neuron import REFRACTORY, Assign, State, margin
from ...ir.passes.schedule import blocks
from ...ir.types import FLOATS
from ...ir.wiring import Listed
from .alone import SENT, Case
from .change import Change
from .neurons import scaled_threshold, zeros

Array = npt.NDArray[Any]

TOLD, MARGIN = "~told", "told.margin"  # a port, and a state, by names that no program gives
SURE = 1e-4  # a threshold that is nearer to its own is a rounded one


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """`value`: [T, B, N], by how much the threshold was passed when it was tested; `level`: [N],
    where it is while all states are 0; `free`: bool [T, B, N], whether the neuron could fire."""

    value: Array
    level: Array
    free: npt.NDArray[np.bool_]


def margins(case: Case) -> Margins | None:
    """Those of a replay in which each neuron fires when it should, and is reset then; None where
    the condition to fire is no single comparison of numbers."""
    step = case.step
    distance = None if step.threshold is None else margin(step.threshold)
    if distance is None or distance.value.dtype not in FLOATS:
        return None
    name, told = case.population.name, _told(case)
    made = told.replayed(told.model, record=True).history[name]
    free = np.ones(case.wanted.shape, np.bool_)
    if REFRACTORY in made:
        free[1:] = made[REFRACTORY][:-1] <= 0
    return Margins(made[MARGIN], _level(case), free)


def _told(case: Case) -> Case:
    """The case with a population that fires where it is told to."""
    settled, name, step = case.settled, case.population.name, case.step
    graph = settled.graph
    assert step.threshold is not None
    distance = margin(step.threshold)
    assert distance is not None
    kept = Assign(MARGIN, distance.value)
    told = replace(
        step,
        ports=(*step.ports, TOLD),
        states=(
            *step.states,
            State(MARGIN, "1", Const(0.0, distance.value.dtype), distance.value.dtype),
        ),
        integrate=(*step.integrate, kept),
        threshold=apply("gt", Ref(TOLD), Const(0.5)),
    )
    population = graph.population(name)
    assert population.model is not None
    model = replace(population.model, ports=(*population.model.ports, TOLD))
    told_by = name + ".told" + SENT
    sends = Call("spikes", (("duration", graph.dt),))
    sender = Population(told_by, population.shape, "input", encoding=sends)
    line = Projection(
        "told", told_by, name, Call("one_to_one"), Call("constant", (("value", 1.0),)), TOLD
    )
    populations = tuple(
        replace(p, step=told, model=model) if p.name == name else p for p in graph.populations
    )
    made = replace(
        graph, populations=(sender, *populations), projections=(*graph.projections, line)
    )
    neurons = np.arange(population.neurons, dtype=np.int32)
    pairs = Listed(population.neurons, population.neurons, neurons, neurons)
    network = replace(
        settled,
        graph=replace(made, schedule=blocks(made)),
        wirings={**settled.wirings, "told": pairs},
    ).with_weights({"told": np.ones(population.neurons, np.float32)})
    sent = {**case.sent, name + ".told": case.wanted.astype(np.float64)}
    return replace(case, model=network, sent=sent, states={})


def _level(case: Case) -> Array:
    """Minus the margin where all states and ports are 0."""
    settled, step = case.settled, case.step
    population = settled.graph.population(case.population.name)
    assert step.threshold is not None
    distance = margin(step.threshold)
    assert distance is not None
    constants: dict[str, Any] = dict(zip(step.constants, population.constants, strict=True))
    still = {
        s.name: start_of(settled, population, s, constants, np.float64)
        for s in step.states
        if s.name in step.still
    }
    value = evaluate(substitute(distance.value, zeros(step)), constants | still, np.float64)
    return -np.broadcast_to(np.asarray(value, np.float64), (population.neurons,))


def fitted_threshold(case: Case) -> Iterator[Change]:
    """The threshold times the factor that tells best the bins with a spike from those without."""
    found = margins(case)
    if found is None or not (found.level > 0).all():
        return
    # A neuron fires if value + level - factor level > 0: where the factor is below this.
    bounds = 1.0 + found.value / found.level
    fires = case.wanted & found.free
    factor = _dividing(bounds[fires], bounds[~case.wanted & found.free])
    if factor is not None and abs(factor - 1.0) > SURE:
        change = scaled_threshold(case, factor)
        if change is not None:
            yield change


def _dividing(above: Array, below: Array) -> float | None:
    """The number that the fewest of some lie below, and of others above: of those that do as well,
    one with few digits."""
    if not len(above) or not len(below):
        return None
    points = np.sort(np.concatenate([above, below]))
    low = np.searchsorted(np.sort(above), points, "right")
    high = len(below) - np.searchsorted(np.sort(below), points, "right")
    wrong = low + high
    first = last = int(wrong.argmin())
    while last + 1 < len(points) and wrong[last] == wrong[first]:
        last += 1
    return _shortest(float(points[first]), float(points[last]))


def _shortest(low: float, high: float) -> float:
    """A number in low ... high, high left out, of the fewest digits."""
    middle = (low + high) / 2
    found = (round(middle, digits) for digits in range(15))
    return next((number for number in found if low <= number < high), middle)
