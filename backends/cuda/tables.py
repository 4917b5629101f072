"""What the device needs beside the plan: where things lie in its memory."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.wiring import Wiring
from ..compiled.kinds import LIST
from ..compiled.plan import Plan, bounds
from ..compiled.synapses import post_major

Array = npt.NDArray[Any]


class Tables(NamedTuple):
    """P populations, J projections. A step's currents are `row` = ports x width floats, its spikes
    `words` words of 32 bits."""

    slot: Array  # i64[P] first current of a population within a step's row
    width: int  # currents of the widest block, or of all where they are kept
    row: int
    word: Array  # i64[P + 1] bounds of the populations within a step's words
    words: int
    most: int  # words of the widest population
    post_ptr: Array  # i64: bounds of a post neuron's synapses, listed projections only
    post_row: Array  # i64[J] first entry of a listed projection in post_ptr
    post_pre: Array  # i32[S] pre neuron, local
    post_index: Array  # i64[S] place of the weight


def make_tables(
    graph: Graph, plan: Plan, wirings: Mapping[str, Wiring], has_currents: bool = False
) -> Tables:
    """The tables of a graph; `has_currents`: what arrived is wanted afterwards, else a block of
    populations writes over that of the block before it."""
    sizes = np.diff(plan.neurons)
    words = -(-sizes // 32)
    slot, width = _slots(plan, sizes, has_currents)
    lists = post_major(graph.projections, wirings, plan, plan.kind == LIST)
    return Tables(
        slot=slot,
        width=width,
        row=plan.ports * width,
        word=bounds(words),
        words=int(words.sum()),
        most=int(words.max()),
        post_ptr=some(lists.ptr),
        post_row=lists.row,
        post_pre=some(lists.pre),
        post_index=some(lists.weight),
    )


def _slots(plan: Plan, sizes: Array, has_currents: bool) -> tuple[Array, int]:
    slot, width = np.zeros(len(sizes), np.int64), 1
    together = plan.block[[0, -1]] if has_currents else plan.block
    for first, last in pairwise(together):
        members = plan.order[first:last]
        ends = np.cumsum(sizes[members])
        slot[members] = ends - sizes[members]
        width = max(width, int(ends[-1]))
    return slot, width


def some(array: Array) -> Array:
    """The array, or one zero: an empty array has no address on a device."""
    return array if len(array) else np.zeros(1, array.dtype)
