"""What probes see of a network, written down by the kernels in one pass over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.model import Model
from ...ir.running import SPIKES, Probe, held
from ...ir.types import Fixed, Scalar
from ..compiled.lanes import lanes_of
from ..compiled.plan import Plan
from ..compiled.text.step import state_places
from ..trace import Trace, steps_seen
from .kernels.closing import (
    OF_COUNT,
    OF_EVERY,
    OF_FIRST,
    OF_INTEGER,
    OF_PLACE,
    OF_POPULATION,
    OF_STATE,
)
from .scratch import NO_GLANCES, NO_PROBES, Work

Array = npt.NDArray[Any]


class Layout(NamedTuple):
    """Rows of `Work.probes` for those that see states, and the numbers that they see in a run;
    `rows` says by probe which row is its own, -1 of spikes and synapses. `glances` are those of
    `Work.glances`, of which each probe of synapses has `lanes`: the place of what is seen, and
    which of its synapses they are."""

    table: Array
    numbers: int
    rows: tuple[int, ...]
    glances: Array = NO_GLANCES
    lanes: Mapping[int, tuple[tuple[int, Array], ...]] = MappingProxyType({})


def layout_of(graph: Graph, plan: Plan, probes: Sequence[Probe], drawn: Model) -> Layout:
    """Where the kernels find what the probes see, and where they put it; `drawn` is the model whose
    projections have not come apart in lanes."""
    index = {p.name: k for k, p in enumerate(graph.populations)}
    table, rows, numbers = list[Array](), list[int](), 0
    for probe in probes:
        if probe.what == SPIKES or probe.of_synapses:
            rows.append(-1)
            continue
        step = graph.populations[index[probe.population]].step
        assert step is not None
        kind, state = state_places(step)[probe.what]
        row = np.zeros(NO_PROBES.shape[1], np.int64)
        row[OF_POPULATION], row[OF_INTEGER], row[OF_STATE] = (
            index[probe.population],
            kind != "reals",
            state,
        )
        row[OF_FIRST], row[OF_COUNT] = probe.first, probe.neurons
        row[OF_EVERY], row[OF_PLACE] = probe.every, numbers
        rows.append(len(table))
        table.append(row)
        numbers += probe.neurons * len(steps_seen(probe, plan.steps))
    layout = Layout(np.array(table, np.int64).reshape(-1, 7), numbers, tuple(rows))
    return _with_glances(layout, graph, plan, probes, drawn)


def _with_glances(
    layout: Layout, graph: Graph, plan: Plan, probes: Sequence[Probe], drawn: Model
) -> Layout:
    """The layout with what is seen of synapses, behind the rest."""
    index = {p.name: k for k, p in enumerate(graph.projections)}
    glances, lanes, place = list[list[int]](), {}, layout.numbers
    for k, probe in enumerate(probes):
        if not probe.of_synapses:
            continue
        found: list[tuple[int, Array]] = []
        for name, own in lanes_of(drawn, probe.population):
            row = held(graph.projections[index[name]]).index(probe.what)
            glances.append([index[name], row, probe.every or plan.steps, place])
            found.append((place, own))
            place += len(own) * len(steps_seen(probe, plan.steps))
        lanes[k] = tuple(found)
    table = np.array(glances, np.int64).reshape(-1, NO_GLANCES.shape[1])
    return layout._replace(numbers=place, glances=table, lanes=lanes)


def synapses_seen(work: Work, layout: Layout, k: int, probe: Probe, steps: int) -> Array:
    """The values [times, synapses] that probe k saw in worker 0."""
    count = len(steps_seen(probe, steps))
    found = np.zeros((count, probe.neurons), np.float32)
    for place, own in layout.lanes[k]:
        seen = work.seen[0, place : place + count * len(own)]
        found[:, own] = seen.reshape(count, len(own))
    return found


def spikes_seen(plan: Plan, work: Work, p: int, probe: Probe, sample: int) -> Array:
    """The spikes of population p in worker 0, as a probe sees them."""
    ptr = work.ptr[0, p]
    neurons = work.spikes[0, plan.events[p] : plan.events[p] + ptr[-1]]
    steps = np.repeat(np.arange(plan.steps, dtype=np.int32), np.diff(ptr))
    rows = np.stack([np.full(len(steps), sample, np.int32), steps, neurons], axis=1)
    return rows[(neurons >= probe.first) & (neurons < probe.end)]


def states_seen(
    graph: Graph, work: Work, layout: Layout, k: int, probe: Probe, steps: int
) -> Array:
    """The values [steps recorded, neurons] that probe k saw in worker 0."""
    count = len(steps_seen(probe, steps))
    row = layout.table[layout.rows[k]]
    found = work.seen[0, row[OF_PLACE] : row[OF_PLACE] + count * probe.neurons]
    dtype = _types(graph, probe.population)[probe.what]
    is_whole = row[OF_INTEGER] != 0 or isinstance(dtype, Fixed)
    return (found.view(np.int32) if is_whole else found).reshape(count, probe.neurons).copy()


def _types(graph: Graph, population: str) -> Mapping[str, Scalar]:
    step = graph.population(population).step
    assert step is not None
    return {state.name: state.dtype for state in step.states}


def every_state(graph: Graph) -> tuple[Probe, ...]:
    """The spikes of every population, and all of its states."""
    found = [Probe(SPIKES, p.name, 0, p.neurons) for p in graph.populations]
    for p in graph.populations:
        states = () if p.step is None else state_places(p.step)
        found += [Probe(state, p.name, 0, p.neurons) for state in states]
    return tuple(found)


def trace_of(
    probes: Sequence[Probe], seen: Sequence[Array], shape: tuple[int, int], fires_once: bool
) -> Trace:
    """The trace that `every_state` saw, of `shape` samples and steps."""
    samples, steps = shape
    spikes, states = {}, dict[str, dict[str, Array]]()
    for probe, array in zip(probes, seen, strict=True):
        if probe.what == SPIKES:
            kind: type = np.bool_ if fires_once else np.uint8
            dense: Array = np.zeros((steps, samples, probe.end), kind)
            np.add.at(dense, (array[:, 1], array[:, 0], array[:, 2]), True)
            spikes[probe.population] = dense
        else:
            own = states.setdefault(probe.population, {})
            own[probe.what] = array.transpose(1, 0, 2)
    return Trace(spikes, states)
