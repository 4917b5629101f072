"""Whether the cores of a chip hold a network that is not trained yet, and how many of them do.

No weight is known, nor how often a neuron fires: what is assumed of them is said with the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.layout.numbering import Numbering
from ...backends.layout.senders import axons, core_limits, mesh_of
from ...backends.mapping.feasible import DoesNotFit, proved_misfits
from ...backends.mapping.limits import Uses, binding, slack, uses
from ...backends.mapping.load import Kernels
from ...backends.mapping.partition import Step
from ...ir.chips.cores import CORES
from ...ir.graph import Graph
from ...ir.integers.precision import OF_NEURONS, Precision
from ...ir.model import Model, weights_name
from ...ir.tensors import Tensor
from ...ir.wiring import Windows
from .changes import Trials, Watch, misfit, unwatched
from .fewest import Task, fewest, fillings, least_cores, quickly
from .report import most_of, name_of

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Foreseen:
    """The core of every neuron in a mapping that keeps all limits, what the cores take, the cores
    without which no mapping does, and what is assumed of the trained network."""

    task: Task
    part: Array
    used: Uses
    at_least: int
    assumed: tuple[str, ...]

    def document(self, chip: str) -> dict[str, Any]:
        """For JSON: as that of `snncc map`, where both say the same."""
        limits = self.task.limits
        limit = binding(self.used, limits)
        taken = self.used.named()[limit]
        core = int(taken.argmax())
        return {
            "target": chip,
            "fits": True,
            "cores": len(self.used.neurons),
            "cores_at_least": self.at_least,
            "of": self.task.mesh.cores,
            "binding": {
                "limit": name_of(limit),
                "used": int(taken[core]),
                "allowed": limits.most()[limit],
                "where": _on(self.task.numbering, self.part, core),
            },
            "slack": {name_of(n): int(s.min()) for n, s in slack(self.used, limits).items()},
            "limits": {"source": CORES[chip].source, **most_of(limits)},
            "assumed": list(self.assumed),
        }


def foreseen(
    model: Model, precision: Precision, chip: str, kernels: Kernels, watch: Watch = unwatched
) -> Foreseen:
    """How the cores of the chip hold a model of floats after the passes, once its integers are of
    that precision. CompileError(E093), with changes with which they do, where they do not."""
    whole = _with_all_synapses(model, precision)
    task = _task(whole, precision, chip)
    try:
        part = _held(task, kernels, watch)
    except DoesNotFit as error:
        raise misfit(task, error, chip, Trials(kernels, watch)) from error
    cores = int(part.max(initial=0)) + 1
    used = uses(task.axons, part, task.limits, cores, kernels)
    least = least_cores(task.axons, task.limits)
    return Foreseen(task, part, used, least, tuple(_assumed(model.graph, precision)))


def _task(model: Model, precision: Precision, chip: str) -> Task:
    cores, numbering = CORES[chip], Numbering.of(model.graph)
    found = axons(model, np.ones(numbering.senders))
    settings, thresholds = found.kinds
    units = np.concatenate([np.zeros(0, np.int64), *_units(model, numbering, precision)])
    pairs = np.stack((thresholds.astype(np.int64), units))
    thresholds = np.unique(pairs, axis=1, return_inverse=True)[1].ravel().astype(np.int32)
    network = replace(found, kinds=(settings, thresholds))
    return Task(network, core_limits(model, cores), mesh_of(cores, None), numbering)


def _held(task: Task, kernels: Kernels, watch: Watch) -> Array:
    """The core of every neuron: cores filled in order, whichever takes fewer; a partition where
    both exceed a limit."""
    proved = proved_misfits(task.axons, task.limits, task.mesh.cores, kernels)
    if proved:
        raise DoesNotFit(proved)
    found = list(fillings(task, kernels))
    if found:
        return min(found, key=lambda part: int(part.max(initial=0)))

    def told(step: Step) -> None:
        watch(f"partition, {step.packets:.4g} packets a step", step.share)

    part = fewest(task, quickly(task, kernels, told))
    return np.unique(part, return_inverse=True)[1].astype(np.int32)


def _with_all_synapses(model: Model, precision: Precision) -> Model:
    """The model with codes of so many bits, none of them 0, and all delays as they will be."""
    values, projections = dict(model.values), []
    for projection in model.graph.projections:
        name = weights_name(projection.name)
        codes = np.ones(model.values[name].array.shape, np.int8)
        values[name] = Tensor(codes, precision.weight(projection.name))
        projections.append(replace(projection, delay=projection.delay + precision.extra_delay))
    graph = replace(model.graph, projections=tuple(projections))
    return replace(model, graph=graph, values=values)


def _units(model: Model, numbering: Numbering, precision: Precision) -> Iterator[Array]:
    """What shares a unit of weights: a population, or where each neuron has its own a neuron, or a
    channel that windows lead to."""
    windows = {
        p.post: wiring
        for p in model.graph.projections
        if isinstance(wiring := model.wirings[p.name], Windows)
    }
    for population in numbering.populations:
        if population.step is None:
            continue
        groups = population.neurons if precision.scale in OF_NEURONS else 1
        if population.name in windows:
            groups = min(groups, _channels(windows[population.name]))
        own = np.arange(population.neurons) * groups // max(1, population.neurons)
        yield own + numbering.first[population.name]


def _channels(wiring: Windows) -> int:
    return 1 if wiring.is_pool else wiring.post.channels


def _assumed(graph: Graph, precision: Precision) -> Iterator[str]:
    bits = sorted({precision.weight(p.name).bits for p in graph.projections})
    yield f"every synapse is kept, of {' or '.join(map(str, bits))} bits (codes of 0 take no room)"
    own = "every neuron has its own threshold"
    if precision.scale not in OF_NEURONS:
        own = "neurons of a population that are alike in the program have one threshold"
    yield f"{own} (`scale {precision.scale}`)"
    yield "all neurons fire alike"


def _on(numbering: Numbering, part: Array, core: int) -> str:
    """The core, and the first and the last neuron of it."""
    own = np.flatnonzero(part == core)
    return f"core {core}, {numbering.said(int(own[0]))} to {numbering.said(int(own[-1]))}"


def lines_of(found: dict[str, Any]) -> Iterator[str]:
    """A document of `Foreseen`, and the name of its network, in words."""
    held, least = found["cores"], found["cores_at_least"]
    fewer = "and no fewer do" if held == least else f"and no fewer than {least} do"
    chip = f"the {found['of']} cores of {found['target']}"
    yield f"`{found['network']}` fits {held} of {chip}, {fewer}"
    at = found["binding"]
    yield f"binding: {at['limit']}, {at['used']} of {at['allowed']} on {at['where']}"
    yield f"every core leaves {', '.join(f'{n} {left}' for n, left in found['slack'].items())}"
    yield f"assumed: {'; '.join(found['assumed'])}"
