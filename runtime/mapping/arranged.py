"""Neurons on cores, and cores on the mesh: of what several ways come to, the better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.mapping.costs import COSTS, Cost
from ...backends.mapping.ease import eased
from ...backends.mapping.feasible import DoesNotFit
from ...backends.mapping.joint import applies, jointly
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Step
from ...backends.mapping.place import place
from ...backends.mapping.route import traffic
from ...ir.chips.cores import CORES, Cores
from .changes import Trials, Watch, misfit
from .fewest import Task, assignments, packets
from .trail import Trail, divider

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a network is to be mapped: `size` is another mesh than the chip's, `effort` 0 to 3."""

    chip: str
    size: tuple[int, int] | None = None
    seed: int = 0
    effort: int = 1
    baselines: bool = False

    @property
    def cores(self) -> Cores:
        """The row of the chip's cores."""
        return CORES[self.chip]


@dataclass(frozen=True, slots=True, eq=False)
class Arranged:
    """The core of every neuron and the slot of every core. `placing` says what was `kept`, "cores"
    that were placed whole or "neurons" that were placed one by one, and the spikes over links a
    step of both; None of neurons where that was not sought, or came to no less."""

    part: Array
    slots: Array
    placing: dict[str, Any]


def arranged(task: Task, wishes: Wishes, kernels: Kernels, watch: Watch, trail: Trail) -> Arranged:
    """The cores of a task and their places. CompileError(E093) for what does not fit."""
    part = assigned(task, wishes, kernels, watch, trail)
    part = eased(
        task.axons,
        part,
        task.limits,
        task.mesh,
        kernels,
        seed=wishes.seed,
        effort=wishes.effort,
        cost=COSTS[wishes.cores.cost],
        progress=lambda share: watch("ease the slowest cores", share),
    )
    slots = placed(task, part, wishes, kernels, watch)
    return one_by_one(task, part, slots, wishes, kernels, watch)


def one_by_one(
    task: Task,
    part: Array,
    slots: Array,
    wishes: Wishes,
    kernels: Kernels,
    watch: Watch,
    fewest: int = 0,
) -> Arranged:
    """That, or, where neurons may be placed one by one, what this comes to, if it costs less. No
    core is left with fewer neurons than `fewest`."""
    cost = COSTS[wishes.cores.cost]
    before = _hops(task, part, slots, kernels, cost)
    if not applies(task.axons, slots, task.mesh, wishes.effort):
        return Arranged(part, slots, {"kept": "cores", "cores": before, "neurons": None})
    made = jointly(
        task.axons,
        part,
        slots,
        task.limits,
        task.mesh,
        kernels,
        seed=wishes.seed,
        effort=wishes.effort,
        cost=cost,
        fewest=fewest,
        progress=lambda share: watch("place neurons one by one", share),
    )
    after = _hops(task, *made, kernels, cost)
    if after < before:
        return Arranged(*made, {"kept": "neurons", "cores": before, "neurons": after})
    return Arranged(part, slots, {"kept": "cores", "cores": before, "neurons": None})


def _hops(task: Task, part: Array, slots: Array, kernels: Kernels, cost: Cost) -> float:
    """Spikes over links a step, as the cost counts them."""
    sent = traffic(task.axons, part, slots, task.mesh, kernels)
    return float(sent.weighted_hops if cost.is_multicast else sent.unicast_hops)


def assigned(task: Task, wishes: Wishes, kernels: Kernels, watch: Watch, trail: Trail) -> Array:
    """The core of every neuron: of what was found, that which sends least."""

    def seen(step: Step) -> None:
        watch(f"partition, {step.packets:.4g} packets a step", step.share)

    by = divider(task, kernels, wishes.seed, trail, seen)
    try:
        several = list(assignments(task, kernels, wishes.seed, by(0), by(wishes.effort)))
    except DoesNotFit as error:
        raise misfit(task, error, wishes.chip, Trials(kernels, watch)) from error
    found = min(several, key=lambda part: packets(task, part, kernels))
    return np.unique(found, return_inverse=True)[1].astype(np.int32)


def placed(task: Task, part: Array, wishes: Wishes, kernels: Kernels, watch: Watch) -> Array:
    """The slot of every core."""
    return place(
        task.axons,
        part,
        task.mesh,
        kernels,
        seed=wishes.seed,
        effort=wishes.effort,
        cost=COSTS[wishes.cores.cost],
        progress=lambda share: watch("place", share),
    )
