"""A model of integers laid out on the cores of a chip, and all that is to be told of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from ...backends.layout.build import build
from ...backends.layout.image import Layout
from ...backends.layout.numbering import Numbering
from ...backends.layout.recount import faults, is_of
from ...backends.layout.senders import axons, core_limits, mesh_of
from ...backends.mapping.baselines import baselines
from ...backends.mapping.costs import COSTS, estimate
from ...backends.mapping.limits import work
from ...backends.mapping.load import Kernels
from ...backends.mapping.route import Traffic, traffic
from ...ir.model import Model
from .arranged import Wishes, arranged
from .changes import Watch
from .fewest import Task
from .firing import Firing
from .picture import core_map
from .report import core_rows, cost_document, most_of, name_of, tip_of, traffic_document
from .trail import Trail

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """A layout, the same as a picture, and what it comes to."""

    layout: Layout
    picture: str
    report: dict[str, Any]


def task_of(model: Model, fired: Firing, wishes: Wishes) -> Task:
    """What is to be mapped of a model after the passes."""
    cores = wishes.cores
    numbering = Numbering.of(model.graph)
    mesh = mesh_of(cores, wishes.size)
    network = replace(axons(model, fired.rates), moments=fired.moments)
    return Task(network, core_limits(model, cores), mesh, numbering)


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
    found = arranged(task, wishes, kernels, watch, Trail() if trail is None else trail)
    part, slots, mesh = found.part, found.slots, task.mesh
    layout = build(model, wishes.chip, mesh, part, slots)
    wrong = next(faults(layout), "" if is_of(layout, model) else "it lacks synapses")
    assert not wrong, wrong
    sent = traffic(task.axons, part, slots, mesh, kernels)
    report = _report(task, layout, part, slots, sent, wishes, kernels)
    if wishes.baselines:
        report["baselines"] = _baselines(task, wishes, kernels, watch)
    report |= {"seed": wishes.seed, "effort": wishes.effort, "placing": found.placing}
    report["seconds"] = round(time.monotonic() - started, 3)
    title = f"{model.graph.name} on {wishes.chip}: {layout.cores} cores"
    tips = [{**row, "tip": tip_of(row, mesh)} for row in report["cores"]]
    return Mapped(layout, core_map(title, mesh, tips, sent), report)


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
    spent = estimate(task.axons, part, slots, task.mesh, sent, done, cost, kernels)
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
        spent = estimate(task.axons, part, slots, task.mesh, sent, done, cost, kernels)
        rows.append({"name": name, **traffic_document(sent), **cost_document(spent, cost)})
    return rows
