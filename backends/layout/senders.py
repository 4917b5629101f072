"""A model as what mapping takes: who reaches whom, how often, and what a core is to hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.chips.cores import Cores
from ...ir.expr import names
from ...ir.graph import Population
from ...ir.integers.population import sends
from ...ir.model import Model, start_of, weights_name
from ...ir.types import Fixed
from ..mapping.axons import Axons
from ..mapping.limits import CoreLimits, Mesh
from ..reference.neurons import constants_of
from .build import synapses_of
from .numbering import Numbering

Array = npt.NDArray[Any]
MOMENTS = 32  # steps of which it is kept who fires in them


def axons(model: Model, rates: Array) -> Axons:
    """The axons of a model after the passes; `rates` are packets a step of every sender of
    `Numbering`."""
    numbering = Numbering.of(model.graph)
    starts, reach, times = [np.zeros(1, np.int64)], list[Array](), list[Array | None]()
    for population in numbering.populations:
        counts, post, synapses = _of_population(model, numbering, population)
        starts.append(np.cumsum(counts) + starts[-1][-1])
        reach.append(post)
        times.append(synapses)
    return Axons(
        numbering.neurons,
        np.concatenate(starts),
        np.concatenate([np.zeros(0, np.int32), *reach]),
        rates,
        _several(reach, times),
        kinds(model),
    )


def _several(reach: list[Array], times: list[Array | None]) -> Array | None:
    """The synapses of each pin; None where each is one."""
    if all(some is None or (some == 1).all() for some in times):
        return None
    pairs = zip(reach, times, strict=True)
    return np.concatenate([np.ones(len(r), np.int32) if t is None else t for r, t in pairs])


def _of_population(
    model: Model, numbering: Numbering, population: Population
) -> tuple[Array, Array, Array | None]:
    """How many neurons each sender of a population reaches, these neurons, sorted, and the synapses
    of each of these pins (None: one)."""
    first, counts = numbering.first[population.name], np.zeros(population.neurons, np.int64)
    if sum(p.pre == population.name for p in model.graph.projections) < 2:
        reach = [np.zeros(0, np.int32)]
        for _, some in synapses_of(model, numbering, population.name):
            counts += np.bincount(some.pre - first, minlength=len(counts))
            reach.append(some.post)
        return counts, np.concatenate(reach), None
    found = [some for _, some in synapses_of(model, numbering, population.name)]
    none = np.zeros(0, np.int32)
    pre = np.concatenate([none, *(some.pre for some in found)])
    post = np.concatenate([none, *(some.post for some in found)])
    order = np.lexsort((post, pre))
    pre, post = pre[order], post[order]
    is_new = (np.diff(pre, prepend=-1) != 0) | (np.diff(post, prepend=-1) != 0)
    at = np.flatnonzero(is_new)
    counts += np.bincount(pre[at] - first, minlength=len(counts))
    return counts, post[at], np.diff(np.append(at, len(pre))).astype(np.int32)


def rates_of(model: Model, activity: Array, presented: int) -> Array:
    """Packets a step of every sender [..., senders], from the spikes of every neuron of the graph
    [..., neurons], populations in graph order, in so many steps of so many samples in all; of who
    sends numbers, one."""
    numbering = Numbering.of(model.graph)
    rates, lo = np.zeros((*activity.shape[:-1], numbering.senders)), 0
    for p in model.graph.populations:
        first = numbering.first[p.name]
        own = activity[..., lo : lo + p.neurons] / max(1, presented)
        rates[..., first : first + p.neurons] = 1.0 if sends(p) else own
        lo += p.neurons
    return rates


def moments_of(sent: Array) -> Array:
    """Packets of every sender in some of these steps, which are [steps, senders]. float32 [senders,
    moments]"""
    return np.ascontiguousarray(sent[moments_among(len(sent))].T, np.float32)


def moments_among(steps: int) -> Array:
    """Some of so many steps, spread over all of them. int64 [moments]"""
    return np.unique(np.linspace(0, steps - 1, MOMENTS).round().astype(np.int64))


def core_limits(model: Model, cores: Cores) -> CoreLimits:
    """What a core of a chip holds of the model."""
    codes = [model.values[weights_name(p.name)].dtype for p in model.graph.projections]
    widest = max((c.bits if isinstance(c, Fixed) else 32 for c in codes), default=0)
    delayed = any(p.delay for p in model.graph.projections)
    return CoreLimits(
        cores.neurons,
        cores.axons_in,
        cores.axons_out,
        cores.synapse_bytes,
        widest + cores.bits + (cores.delay_bits if delayed else 0),
        cores.axon_bytes,
        (cores.settings, cores.thresholds),
    )


def mesh_of(cores: Cores, size: tuple[int, int] | None) -> Mesh:
    """The mesh of a chip, or one of another size."""
    width, height = size or (cores.width, cores.height)
    return Mesh(width, height, cores.cores_a_router)


def kinds(model: Model) -> tuple[Array, Array]:
    """The class of settings and the class of thresholds of every neuron, int32 [neurons] each:
    neurons of one class compute by the same numbers."""
    known: tuple[dict[Any, int], dict[Any, int]] = ({}, {})
    found: tuple[list[Array], list[Array]] = ([], [])
    for population in Numbering.of(model.graph).populations:
        if population.step is not None:
            for k, (key, values) in enumerate(_parts(model, population)):
                found[k].append(_classes(key, values, population.neurons, known[k]))
    none = np.zeros(0, np.int32)
    return np.concatenate([none, *found[0]]), np.concatenate([none, *found[1]])


def _parts(model: Model, population: Population) -> list[tuple[Any, dict[str, Array]]]:
    """The rest of a step and the threshold, each with the numbers that it is made of."""
    step = population.step
    assert step is not None
    read = frozenset[str]() if step.threshold is None else names(step.threshold)
    constants = constants_of(population, np.float64)
    values = {name: np.asarray(value) for name, value in constants.items()}
    values |= {
        s.name: np.asarray(start_of(model, population, s, constants, np.float64))
        for s in step.states
        if s.name in step.still
    }
    rest = step.update, step.after, step.refractory, step.emit
    return [
        (rest, {n: v for n, v in values.items() if n not in read}),
        (step.threshold, {n: v for n, v in values.items() if n in read}),
    ]


def _classes(key: Any, values: dict[str, Array], neurons: int, known: dict[Any, int]) -> Array:
    """The number of each neuron's class, new ones added to those `known`."""
    columns = [np.broadcast_to(values[name], (neurons,)) for name in sorted(values)]
    rows = np.stack(columns, axis=1) if columns else np.zeros((neurons, 0))
    if not neurons:
        return np.zeros(0, np.int32)
    distinct, which = np.unique(rows, axis=0, return_inverse=True)
    numbers = [known.setdefault((key, *row), len(known)) for row in map(tuple, distinct.tolist())]
    return np.array(numbers, np.int32)[which.ravel()]
