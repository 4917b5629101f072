"""What a network is told that does not fit: the limit, by how much, where, and what would fit.

Every change that is named was mapped, and fits: by cores filled in order, which takes no time, and
where that finds little by partitions without much effort, as many as a bound of work lets. So it
need not be the least that would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.mapping.axons import Axons
from ...backends.mapping.feasible import DoesNotFit, Misfit, proved_misfits
from ...backends.mapping.limits import Excess
from ...backends.mapping.load import Kernels
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Population
from .fewest import Task, fillings, quickly
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

WORK = 500_000  # senders of neurons, of all partitions that are tried together
Watch = Callable[[str, float], None]  # a stage, and how much of it is done, 0 to 1


def unwatched(stage: str, share: float) -> None:
    """Tells nobody."""


@dataclass(slots=True)
class Trials:
    """Tries whether a task fits, and tells that it does; `share` of all trials is done."""

    kernels: Kernels
    watch: Watch = unwatched
    work: int = WORK  # that is left for partitions
    share: float = 0.0

    def tell(self) -> None:
        """That they go on."""
        self.watch("what would fit", self.share)

    def at_once(self, task: Task) -> bool:
        """Whether it fits cores filled in order."""
        self.tell()
        return not self._proved(task) and any(True for _ in fillings(task, self.kernels))

    def may_seek(self, task: Task) -> bool:
        """Whether there is work left for a partition."""
        return task.axons.pins < self.work

    def sought(self, task: Task) -> bool:
        """Whether a partition fits, which takes of the work that is left."""
        self.tell()
        if self._proved(task):
            return False
        self.work -= task.axons.pins + 1
        try:
            quickly(task, self.kernels, lambda step: self.tell())(task.mesh.cores, None)
        except DoesNotFit:
            return False
        return True

    def _proved(self, task: Task) -> bool:
        axons, limits = task.axons, task.limits
        return bool(proved_misfits(axons, limits, task.mesh.cores, self.kernels))


class Unfit(CompileError):
    """E093, and the same as a document."""

    def __init__(self, found: Diagnostic, document: dict[str, Any]) -> None:
        super().__init__(found)
        self.document = document


def misfit(task: Task, error: DoesNotFit, chip: str, trials: Trials) -> Unfit:
    """The limit that is not kept, and changes with which all are."""
    found = tuple(changes(task, trials))
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


def changes(task: Task, trials: Trials) -> Iterator[str]:
    """Up to three changes after each of which the network fits, the least of its kind that was
    found."""
    searches, found = (_fewer_neurons, _fewer_synapses, _fewer_bits, _more_cores), 0
    for number, search in enumerate(searches):
        trials.share = number / len(searches)
        change = search(task, trials)
        if change is not None:
            yield change
            found += 1
        if found == MOST_CHANGES:
            return


def _largest(most: int, made: Callable[[int], Task], trials: Trials) -> int:
    """The largest number below `most` of which a task is found to fit, by halving; 0 where none is.
    What fits of a number is taken to fit of fewer."""
    low, high = 0, most
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if trials.at_once(made(middle)) else (low, middle)
    high = most
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        task = made(middle)
        if not trials.may_seek(task):
            break
        low, high = (middle, high) if trials.sought(task) else (low, middle)
    return low


def _first(tasks: Sequence[Task], trials: Trials) -> int | None:
    """The first of tasks, each of which takes less than the one before, that is found to fit."""
    known = next((k for k, task in enumerate(tasks) if trials.at_once(task)), None)
    for k, task in enumerate(tasks[:known]):
        if trials.may_seek(task) and trials.sought(task):
            return k
    return known


def _fewer_neurons(task: Task, trials: Trials) -> str | None:
    largest = max(_on_cores(task), key=lambda p: p.neurons)
    fewer = _largest(largest.neurons, lambda n: task.with_axons(_without(task, largest, n)), trials)
    words = f"{fewer} neurons of `{largest.name}` in place of {largest.neurons}"
    return words if fewer else None


def _fewer_synapses(task: Task, trials: Trials) -> str | None:
    most = int(_fan_in(task.axons).max(initial=0))
    fewer = _largest(most, lambda k: task.with_axons(_thinned(task.axons, k)), trials)
    words = f"at most {fewer} senders to a neuron, `fixed_fan_in(k = {fewer})`, in place of {most}"
    return words if fewer else None


def _fewer_bits(task: Task, trials: Trials) -> str | None:
    limits = task.limits
    if limits.synapse_bytes is None:
        return None
    some = range(1, min(7, limits.synapse_bits - 1))
    bits = [replace(limits, synapse_bits=limits.synapse_bits - fewer) for fewer in some]
    found = _first([replace(task, limits=fewer) for fewer in bits], trials)
    if found is None:
        return None
    return f"weights of {some[found]} {'bit' if found == 0 else 'bits'} less"


def _more_cores(task: Task, trials: Trials) -> str | None:
    mesh = task.mesh
    wide = [replace(mesh, width=mesh.width * k, height=mesh.height * k) for k in (2, 3, 4)]
    found = _first([replace(task, mesh=more) for more in wide], trials)
    if found is None:
        return None
    size = f"{wide[found].width}x{wide[found].height}"
    return f"a mesh of {size}, if there is one: `snncc map --cores {size}`"


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
