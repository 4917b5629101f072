"""What a network is told that does not fit: the limit, by how much, where, and what would fit.

Every change that is named was mapped, without much effort, and fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.mapping.axons import Axons
from ...backends.mapping.feasible import DoesNotFit, Misfit
from ...backends.mapping.limits import Excess
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Progress
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Population
from .fewest import Task, fewest, quickly
from .report import name_of

SAID = {
    "neurons": "neurons",
    "axons_in": "senders that reach a core",
    "axons_out": "pairs of a neuron and another core",
    "synapse_bytes": "bytes of synapses",
    "kinds[0]": "settings of neurons",
    "kinds[1]": "thresholds",
}
MOST_CHANGES = 3

Fits = Callable[[Task], bool]


class Unfit(CompileError):
    """E093, and the same as a document."""

    def __init__(self, found: Diagnostic, document: dict[str, Any]) -> None:
        super().__init__(found)
        self.document = document


def misfit(task: Task, error: DoesNotFit, chip: str, fits: Fits) -> Unfit:
    """The limit that is not kept, and changes with which all are."""
    found = tuple(changes(task, fits))
    message = f"`{chip}` cannot hold it: {_reason(task, error)}"
    way_out = "take a larger mesh, another chip, or less"
    if found:
        listed = "; or ".join(found)
        way_out = f"each of these was mapped, and fits: {listed}"
    suggestions = [{"change": said, "fits": True} for said in found]
    document = {"target": chip, "fits": False, "binding": _binding(task, error)}
    return Unfit(
        Diagnostic("E093", message, help=way_out), {**document, "suggestions": suggestions}
    )


def _reason(task: Task, error: DoesNotFit) -> str:
    if error.proved:
        return _proved(task, error.proved[0])
    return _found(_worst(error), task.mesh.cores)


def _worst(error: DoesNotFit) -> Excess:
    return max(error.over, key=lambda e: e.used / max(1, e.most))


def _binding(task: Task, error: DoesNotFit) -> dict[str, Any]:
    if error.proved:
        found = error.proved[0]
        where = "all cores" if found.neuron is None else task.numbering.said(found.neuron)
        return {
            "limit": name_of(found.limit),
            "used": found.needed,
            "allowed": found.most,
            "where": where,
        }
    worst = _worst(error)
    where = f"core {worst.core}"
    return {
        "limit": name_of(worst.limit),
        "used": worst.used,
        "allowed": worst.most,
        "where": where,
    }


def _proved(task: Task, found: Misfit) -> str:
    where = "all cores have"
    if found.neuron is not None:
        where = f"one core, for {task.numbering.said(found.neuron)} alone, has"
    more = found.needed - found.most
    return f"{found.needed} {SAID[found.limit]} and {where} {found.most}: {more} too many"


def _found(worst: Excess, cores: int) -> str:
    return (
        f"the best of {cores} cores that was found has {worst.used} {SAID[worst.limit]} on core "
        f"{worst.core}, of {worst.most}: {worst.used - worst.most} too many"
    )


def changes(task: Task, fits: Fits) -> Iterator[str]:
    """Up to three changes after each of which the network fits, the least of its kind."""
    found = 0
    for search in (_fewer_neurons, _fewer_synapses, _fewer_bits, _more_cores):
        change = search(task, fits)
        if change is not None:
            yield change
            found += 1
        if found == MOST_CHANGES:
            return


def fitting(kernels: Kernels, told: Progress | None = None) -> Fits:
    """Whether a task is mapped without much effort."""

    def fits(task: Task) -> bool:
        try:
            fewest(task, quickly(task, kernels, told))
        except DoesNotFit:
            return False
        return True

    return fits


def _largest(most: int, does: Callable[[int], bool]) -> int:
    """The largest number below `most` that does, by halving; 0 where none does. What does for a
    number is taken to do for fewer."""
    low, high = 0, most
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if does(middle) else (low, middle)
    return low


def _fewer_neurons(task: Task, fits: Fits) -> str | None:
    largest = max(_on_cores(task), key=lambda p: p.neurons)
    fewer = _largest(largest.neurons, lambda n: fits(task.with_axons(_without(task, largest, n))))
    words = f"{fewer} neurons of `{largest.name}` in place of {largest.neurons}"
    return words if fewer else None


def _fewer_synapses(task: Task, fits: Fits) -> str | None:
    most = int(_fan_in(task.axons).max(initial=0))
    fewer = _largest(most, lambda k: fits(task.with_axons(_thinned(task.axons, k))))
    words = f"at most {fewer} senders to a neuron, `fixed_fan_in(k = {fewer})`, in place of {most}"
    return words if fewer else None


def _fewer_bits(task: Task, fits: Fits) -> str | None:
    if task.limits.synapse_bytes is None:
        return None
    for fewer in range(1, 7):
        limits = replace(task.limits, synapse_bits=task.limits.synapse_bits - fewer)
        if limits.synapse_bits > 1 and fits(replace(task, limits=limits)):
            return f"weights of {fewer} {'bit' if fewer == 1 else 'bits'} less"
    return None


def _more_cores(task: Task, fits: Fits) -> str | None:
    mesh = task.mesh
    for times in (2, 3, 4):
        wide = replace(mesh, width=mesh.width * times, height=mesh.height * times)
        if fits(replace(task, mesh=wide)):
            size = f"{wide.width}x{wide.height}"
            return f"a mesh of {size}, if there is one: `snncc map --cores {size}`"
    return None


def _fan_in(axons: Axons) -> npt.NDArray[np.int64]:
    """How many senders reach each neuron."""
    return np.bincount(axons.reach, minlength=axons.neurons)


def _on_cores(task: Task) -> list[Population]:
    return [p for p in task.numbering.populations if p.step is not None]


def _without(task: Task, population: Population, kept: int) -> Axons:
    """The axons where a population has its first neurons alone: the others have no synapses, and
    count as neurons no more."""
    axons, first = task.axons, task.numbering.first[population.name]
    goes = np.zeros(axons.senders, bool)
    goes[first + kept : first + population.neurons] = True
    sender = np.repeat(np.arange(axons.senders), np.diff(axons.start))
    stays = ~goes[sender] & ~goes[axons.reach]
    number = np.cumsum(~goes) - 1
    counts = np.bincount(number[sender[stays]], minlength=int((~goes).sum()))
    neurons = ~goes[: axons.neurons]
    return Axons(
        int(neurons.sum()),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        number[axons.reach[stays]].astype(np.int32),
        axons.rate[~goes],
        None if axons.synapses is None else axons.synapses[stays],
        tuple(kind[neurons] for kind in axons.kinds),
    )


def _thinned(axons: Axons, most: int) -> Axons:
    """The axons where no neuron has more than so many senders: those that stay lie evenly among
    them."""
    order = np.argsort(axons.reach, kind="stable")
    fan_in = _fan_in(axons)
    starts = np.cumsum(fan_in) - fan_in
    place = np.arange(len(order)) - np.repeat(starts, fan_in)
    each = np.repeat(fan_in, fan_in)
    spread = np.maximum(each, most)
    kept = place * most // spread != (place - 1) * most // spread
    stays = np.zeros(axons.pins, bool)
    stays[order[kept]] = True
    counts = np.add.reduceat(np.append(stays, False), axons.start[:-1])
    counts[np.diff(axons.start) == 0] = 0
    return replace(
        axons,
        start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        reach=axons.reach[stays],
        synapses=None if axons.synapses is None else axons.synapses[stays],
    )
