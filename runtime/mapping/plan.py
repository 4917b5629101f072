"""A model of integers laid out on the cores of a chip, and all that is to be told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.layout.build import build
from ...backends.layout.image import Layout
from ...backends.layout.numbering import Numbering
from ...backends.layout.recount import faults, is_of
from ...backends.layout.senders import axons, core_limits, mesh_of
from ...backends.mapping.baselines import baselines
from ...backends.mapping.costs import COSTS, estimate
from ...backends.mapping.feasible import DoesNotFit
from ...backends.mapping.limits import work
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Step
from ...backends.mapping.place import place
from ...backends.mapping.route import Traffic, traffic
from ...ir.chips.cores import CORES, Cores
from ...ir.model import Model
from .changes import fitting, misfit
from .fewest import Task, assignments, packets
from .picture import core_map
from .report import core_rows, cost_document, most_of, name_of, tip_of, traffic_document
from .trail import Trail, divider

Array = npt.NDArray[Any]
Watch = Callable[[str, float], None]  # a stage, and how much of it is done, 0 to 1


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
class Mapped:
    """A layout, the same as a picture, and what it comes to."""

    layout: Layout
    picture: str
    report: dict[str, Any]


def task_of(model: Model, rates: Array, wishes: Wishes) -> Task:
    """What is to be mapped of a model after the passes; `rates` as of `senders.rates_of`."""
    cores = wishes.cores
    numbering = Numbering.of(model.graph)
    mesh = mesh_of(cores, wishes.size)
    return Task(axons(model, rates), core_limits(model, cores), mesh, numbering)


def map_model(
    model: Model,
    task: Task,
    wishes: Wishes,
    kernels: Kernels,
    watch: Watch,
    trail: Trail | None = None,
) -> Mapped:
    """The layout of a model after the passes, whose task it is; it is sought from the end of the
    `trail` on. CompileError(E093) for what does not fit, with changes with which it does."""
    started = time.monotonic()
    part = assigned(task, wishes, kernels, watch, Trail() if trail is None else trail)
    slots = placed(task, part, wishes, kernels, watch)
    mesh = task.mesh
    layout = build(model, wishes.chip, mesh, part, slots)
    wrong = next(faults(layout), "" if is_of(layout, model) else "it lacks synapses")
    assert not wrong, wrong
    sent = traffic(task.axons, part, slots, mesh, kernels)
    report = _report(task, layout, part, slots, sent, wishes, kernels)
    if wishes.baselines:
        report["baselines"] = _baselines(task, wishes, kernels, watch)
    report |= {"seed": wishes.seed, "effort": wishes.effort}
    report["seconds"] = round(time.monotonic() - started, 3)
    title = f"{model.graph.name} on {wishes.chip}: {layout.cores} cores"
    tips = [{**row, "tip": tip_of(row, mesh)} for row in report["cores"]]
    return Mapped(layout, core_map(title, mesh, tips, sent), report)


def assigned(task: Task, wishes: Wishes, kernels: Kernels, watch: Watch, trail: Trail) -> Array:
    """The core of every neuron: of what was found, that which sends least."""

    def seen(step: Step) -> None:
        watch(f"partition, {step.packets:.4g} packets a step", step.share)

    def tried(step: Step) -> None:
        watch("what would fit", step.share)

    by = divider(task, kernels, wishes.seed, trail, seen)
    try:
        several = list(assignments(task, kernels, wishes.seed, by(0), by(wishes.effort)))
    except DoesNotFit as error:
        raise misfit(task, error, wishes.chip, fitting(kernels, tried)) from error
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


def _report(
    task: Task,
    layout: Layout,
    part: Array,
    slots: Array,
    sent: Traffic,
    wishes: Wishes,
    kernels: Kernels,
) -> dict[str, Any]:
    kinds = {name_of(f"kinds[{k}]"): each for k, each in enumerate(task.axons.kinds)}
    rows = core_rows(layout, task.limits, kinds)
    fullest = max(rows, key=lambda row: float(row["used"]))
    limit = fullest["fullest"]
    binding = {
        "limit": limit,
        "used": fullest[limit],
        "allowed": most_of(task.limits)[limit],
        "where": f"core {fullest['id']}",
    }
    cost = COSTS[wishes.cores.cost]
    done = work(task.axons, part, len(slots), kernels)
    spent = estimate(task.axons, part, slots, task.mesh, sent, done, cost)
    return {
        "target": wishes.chip,
        "fits": True,
        "mesh": [layout.mesh.width, layout.mesh.height, layout.mesh.cores_a_router],
        "binding": binding,
        "cores": rows,
        "traffic": traffic_document(sent),
        "cost": cost_document(spent, cost),
        "limits": {"source": wishes.cores.source, **most_of(task.limits)},
    }


def _baselines(task: Task, wishes: Wishes, kernels: Kernels, watch: Watch) -> list[dict[str, Any]]:
    """The same numbers of other ways to map it."""
    cost, rows = COSTS[wishes.cores.cost], []
    for name, part, slots in baselines(
        task.axons, task.limits, task.mesh, kernels, seed=wishes.seed
    ):
        watch(f"baseline {name}", 0.0)
        sent = traffic(task.axons, part, slots, task.mesh, kernels)
        done = work(task.axons, part, len(slots), kernels)
        spent = estimate(task.axons, part, slots, task.mesh, sent, done, cost)
        rows.append({"name": name, **traffic_document(sent), **cost_document(spent, cost)})
    return rows
