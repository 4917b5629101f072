"""The sources of a network as tables that kernels read, and what of their spikes the host tells.

Kernels keep no list of what a source fires: they work it out where it arrives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph, Population
from ...ir.model import Model
from ...ir.sources import counts_of, cumulative, drawn_of, events_of, guides
from ...ir.trains import has_counts
from ...ir.wiring import Listed, Wiring
from .counts import (
    IS_DRAWN,
    IS_TOLD,
    SOURCE_COLUMNS,
    SOURCE_ENTRIES,
    SOURCE_FIRST,
    SOURCE_GUIDE,
    SOURCE_KEY0,
    SOURCE_KEY1,
    SOURCE_KIND,
    SOURCE_LAST,
    SOURCE_TABLE,
)

Array = npt.NDArray[Any]


def source_tables(model: Model, steps: int) -> dict[str, Array]:
    """A row of SOURCE_COLUMNS for each population, zeros of one that is no source, and what the
    rows point to: the distributions of those that are drawn, the events of the others; and which
    projections are straight."""
    populations, dt = model.graph.populations, model.graph.dt
    rows = np.zeros((len(populations), SOURCE_COLUMNS), np.int64)
    tables, firsts = [np.zeros(0, np.uint32)], [np.zeros(0, np.uint8)]
    bounds, neurons = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    for row, population in zip(rows, populations, strict=True):
        drawn = drawn_of(population, dt, model.seed)
        if drawn is not None:
            table = cumulative(drawn.mean)
            row[[SOURCE_KIND, SOURCE_KEY0, SOURCE_KEY1]] = IS_DRAWN, *drawn.key
            row[[SOURCE_FIRST, SOURCE_LAST]] = drawn.first, drawn.last
            row[[SOURCE_TABLE, SOURCE_ENTRIES]] = sum(map(len, tables)), len(table)
            row[SOURCE_GUIDE] = sum(map(len, firsts))
            tables.append(table)
            firsts.append(guides(table))
        elif population.source is not None:
            when, who = events_of(population, dt, steps, model.graph.tensors)
            row[[SOURCE_KIND, SOURCE_TABLE]] = IS_TOLD, sum(map(len, bounds))
            bounds.append(sum(map(len, neurons)) + np.searchsorted(when, np.arange(steps + 1)))
            neurons.append(who.astype(np.int32))
    return {
        "source": rows,
        "cumulative": np.concatenate(tables),
        "guide": np.concatenate(firsts),
        "told_ptr": np.concatenate(bounds).astype(np.int64),
        "told": np.concatenate(neurons),
        "straight": _straight([model.wirings[p.name] for p in model.graph.projections]),
    }


def _straight(wirings: Sequence[Wiring]) -> Array:
    """u8[J]: whether a projection joins each neuron to the one of its own number, and no other."""
    return np.array([_is_straight(wiring) for wiring in wirings], np.uint8)


def _is_straight(wiring: Wiring) -> bool:
    if not isinstance(wiring, Listed) or wiring.synapses != wiring.pre_neurons:
        return False
    ends = (wiring.pre, wiring.post)
    return wiring.pre_neurons == wiring.post_neurons and all(
        bool((end == np.arange(len(end))).all()) for end in ends
    )


def with_sources(raster: Array, graph: Graph, seed: int, sample: int) -> Array:
    """The raster [T, N] of a sample with what its sources fire: counts, where there are any."""
    if not has_counts(graph):
        return raster
    made, lo = raster.astype(np.uint8), 0
    for population in graph.populations:
        own = slice(lo, lo + population.neurons)
        if population.source is not None:
            made[:, own] = counts_of(population, graph, seed, sample, len(raster))
        lo = own.stop
    return made


def silenced(activity: Array, populations: Sequence[Population]) -> Array:
    """The spikes [N] of all neurons without those of sources, which no engine counts."""
    lo = 0
    for population in populations:
        if population.source is not None:
            activity[lo : lo + population.neurons] = 0
        lo += population.neurons
    return activity
