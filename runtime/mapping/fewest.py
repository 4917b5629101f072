"""How many cores a network takes: the fewest that are found to do."""

from __future__ import annotations

from collections.abc import Iterator
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


def fewest(
    task: Task, kernels: Kernels, effort: int, seed: int = 0, progress: Progress | None = None
) -> Array:
    """The core of every neuron. Raises DoesNotFit where all cores of the mesh are too few."""
    most = task.mesh.cores
    cores = min(most, least_cores(task.axons, task.limits))
    while True:
        try:
            return partition(
                task.axons,
                task.limits,
                cores,
                kernels=kernels,
                seed=seed,
                effort=effort,
                progress=progress,
            )
        except DoesNotFit:
            if cores == most:
                raise
            cores = min(most, max(cores + 1, round(MORE * cores)))


def assignments(
    task: Task, kernels: Kernels, effort: int, seed: int = 0, progress: Progress | None = None
) -> Iterator[Array]:
    """The core of every neuron by several ways, each within the limits: what is found from nothing,
    and from the neurons in their order, dealt to cores as long as they fit, and that order itself.
    Raises DoesNotFit where there is none."""
    yield fewest(task, kernels, effort, seed, progress)
    order = np.arange(task.axons.neurons)
    level = finest(task.axons, task.limits, kernels)
    dealt = filled(level, task.limits, task.mesh.cores, order, kernels)
    cores = int(dealt.max(initial=-1)) + 1
    if any(excesses(uses(task.axons, dealt, task.limits, cores, kernels), task.limits)):
        return
    yield dealt
    yield partition(
        task.axons,
        task.limits,
        cores,
        kernels=kernels,
        seed=seed,
        effort=effort,
        state=State(dealt, 0, seed),
        progress=progress,
    )


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
