"""How many cores a network takes: the fewest that are found to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.layout.numbering import Numbering
from ...backends.mapping.axons import Axons
from ...backends.mapping.feasible import DoesNotFit
from ...backends.mapping.fill import by_classes, filled
from ...backends.mapping.levels import finest
from ...backends.mapping.limits import CoreLimits, Mesh, excesses, slack, uses
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Progress, State, Step, partition
from ...backends.mapping.route import core_nets

Array = npt.NDArray[Any]
# A partition to so many cores, from a state on if there is one. Raises DoesNotFit.
Divide = Callable[[int, State | None], Array]
MORE = 1.15  # times the cores of a try, in the next one
HOPE = 0.2  # of all that the cores have: more excess the last level of a partition does not mend


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is mapped: the axons of a model, the limits of a core, the mesh, and the numbers of the
    senders."""

    axons: Axons
    limits: CoreLimits
    mesh: Mesh
    numbering: Numbering

    def with_axons(self, axons: Axons) -> Task:
        """The same of other axons."""
        return replace(self, axons=axons)


def fewest(task: Task, divide: Divide) -> Array:
    """The core of every neuron, on the fewest cores by halving: what does on so many is taken to do
    on more. Raises DoesNotFit where all cores of the mesh are too few, which is tried first."""
    counts = list(_counts(task))
    found, low, high = divide(counts[-1], None), 0, len(counts) - 1
    while low < high:
        middle = (low + high) // 2
        try:
            found, high = divide(counts[middle], None), middle
        except DoesNotFit:
            low = middle + 1
    return found


def fillings(task: Task, kernels: Kernels) -> Iterator[Array]:
    """The core of every neuron, cores filled in order, as far as these keep every limit: that of
    the neurons, and class by class, each core up to its limits; and all cores with as many."""
    network, limits, cores = task.axons, task.limits, task.mesh.cores
    level, own = finest(network, limits, kernels), np.arange(network.neurons)
    even = replace(limits, neurons=min(limits.neurons, -(-network.neurons // cores)))
    for order, most in ((own, limits), (by_classes(network), limits), (own, even)):
        part = filled(level, most, cores, order, kernels)
        if not any(excesses(uses(network, part, limits, cores, kernels), limits)):
            yield part


def _counts(task: Task) -> Iterator[int]:
    """Numbers of cores to be tried, up to all of them."""
    most = task.mesh.cores
    cores = min(most, least_cores(task.axons, task.limits))
    while cores < most:
        yield cores
        cores = min(most, max(cores + 1, round(MORE * cores)))
    yield most


def quickly(task: Task, kernels: Kernels, told: Progress | None = None) -> Divide:
    """Partitions without much effort, none of them for long where there is no hope."""

    def divide(cores: int, start: State | None) -> Array:
        progress = hoping(task, cores, kernels, told)
        how = dict[str, Any](kernels=kernels, effort=0, state=start, progress=progress)
        return partition(task.axons, task.limits, cores, **how)

    return divide


def hoping(task: Task, cores: int, kernels: Kernels, told: Progress | None) -> Progress:
    """Progress of a partition from nothing that raises DoesNotFit before its last level, which
    takes longest, where cores exceed a limit by much of what all of them have."""

    def progress(step: Step) -> None:
        inner, axons, limits = step.state.inner, task.axons, task.limits
        if step.state.part is None and inner is not None and len(inner.part) == axons.neurons:
            used = uses(axons, inner.part, limits, cores, kernels)
            for name, left in slack(used, limits).items():
                if -left[left < 0].sum() > HOPE * cores * limits.most()[name]:
                    raise DoesNotFit(over=tuple(excesses(used, limits)))
        if told is not None:
            told(step)

    return progress


def with_effort(task: Task, quick: Divide, divide: Divide, is_sure: bool) -> Array:
    """The same, the number of cores sought quickly from the least on: then on the fewer that were
    tried before, or on so many. Unless it is sure that all cores do, these are tried first."""
    before, most = 0, task.mesh.cores
    found: Array | None = None
    if not is_sure:
        try:
            found = quick(most, None)
        except DoesNotFit:
            return divide(most, None)
    for cores in _counts(task):
        if cores == most and found is not None:
            break
        try:
            found = quick(cores, None)
            break
        except DoesNotFit:
            if cores == most:
                return divide(cores, None)
            before = cores
    assert found is not None
    for number in (before, cores) if before else (cores,):
        try:
            return divide(number, None)
        except DoesNotFit:
            continue
    return found


def assignments(
    task: Task, kernels: Kernels, seed: int, quick: Divide, divide: Divide
) -> Iterator[Array]:
    """The core of every neuron by several ways, each within the limits: what is found from nothing,
    and from the neurons in their order, dealt to cores as long as they fit, and that order itself.
    Raises DoesNotFit where there is none."""
    dealt = _dealt(task, kernels)
    cores = int(dealt.max(initial=-1)) + 1
    used = uses(task.axons, dealt, task.limits, cores, kernels)
    is_kept = not any(excesses(used, task.limits))
    try:
        yield with_effort(task, quick, divide, is_kept)
    except DoesNotFit:
        if not is_kept:
            raise
    if is_kept:
        yield dealt
        yield divide(cores, State(dealt, 0, seed))


def _dealt(task: Task, kernels: Kernels) -> Array:
    """The neurons in their order, dealt to cores as long as they fit."""
    order = np.arange(task.axons.neurons)
    level = finest(task.axons, task.limits, kernels)
    return filled(level, task.limits, task.mesh.cores, order, kernels)


def packets(task: Task, part: Array, kernels: Kernels) -> float:
    """Spikes a step for other cores than the sender's."""
    nets = core_nets(task.axons, part, int(part.max(initial=-1)) + 1, kernels)
    return float((nets.rate * np.diff(nets.first)).sum())


def least_cores(axons: Axons, limits: CoreLimits) -> int:
    """Cores without which no limit of theirs can be kept, as far as sums tell."""
    needed = [axons.neurons / limits.neurons]
    reached = int((np.diff(axons.start) > 0).sum())
    if limits.synapse_bytes is not None:
        synapses = axons.pins if axons.synapses is None else int(axons.synapses.sum())
        bits = synapses * limits.synapse_bits
        needed.append((bits / 8 + reached * limits.axon_bytes) / limits.synapse_bytes)
    if limits.axons_in is not None:
        needed.append(reached / limits.axons_in)
    for kind, most in zip(axons.kinds, limits.kinds, strict=False):
        needed.append(1 if most is None else len(np.unique(kind)) / most)
    return max(1, int(np.ceil(max(needed))))
