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
from ...backends.mapping.fill import filled
from ...backends.mapping.levels import finest
from ...backends.mapping.limits import CoreLimits, Mesh, excesses, uses
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Progress, State, partition
from ...backends.mapping.route import core_nets

Array = npt.NDArray[Any]
# A partition to so many cores, from a state on if there is one. Raises DoesNotFit.
Divide = Callable[[int, State | None], Array]
MORE = 1.15  # times the cores of a try, in the next one


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
    """The core of every neuron. Raises DoesNotFit where all cores of the mesh are too few."""
    for cores in _counts(task):
        try:
            return divide(cores, None)
        except DoesNotFit:
            if cores == task.mesh.cores:
                raise
    raise AssertionError


def _counts(task: Task) -> Iterator[int]:
    """Numbers of cores to be tried, up to all of them."""
    most = task.mesh.cores
    cores = min(most, least_cores(task.axons, task.limits))
    while cores < most:
        yield cores
        cores = min(most, max(cores + 1, round(MORE * cores)))
    yield most


def quickly(task: Task, kernels: Kernels, told: Progress | None = None) -> Divide:
    """Partitions without much effort."""

    def divide(cores: int, start: State | None) -> Array:
        how = dict[str, Any](kernels=kernels, effort=0, state=start, progress=told)
        return partition(task.axons, task.limits, cores, **how)

    return divide


def with_effort(task: Task, quick: Divide, divide: Divide) -> Array:
    """The same, the number of cores sought quickly: then on the fewer that were tried before, or on
    so many."""
    before = 0
    for cores in _counts(task):
        try:
            found = quick(cores, None)
            break
        except DoesNotFit:
            if cores == task.mesh.cores:
                return divide(cores, None)
            before = cores
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
    yield with_effort(task, quick, divide)
    order = np.arange(task.axons.neurons)
    level = finest(task.axons, task.limits, kernels)
    dealt = filled(level, task.limits, task.mesh.cores, order, kernels)
    cores = int(dealt.max(initial=-1)) + 1
    if any(excesses(uses(task.axons, dealt, task.limits, cores, kernels), task.limits)):
        return
    yield dealt
    yield divide(cores, State(dealt, 0, seed))


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
