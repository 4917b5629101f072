"""Synapse lists for learning: by post neuron, and by pre neuron inside recurrent blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Projection
from ...ir.wiring import Wiring
from .plan import Plan, bounds

Array = npt.NDArray[Any]


class PostMajor(NamedTuple):
    """Synapses of the listed projections sorted by (post, pre); the rest of a rule's `in_*`."""

    ptr: Array  # i64, posts + 1 entries a listed projection
    row: Array  # i64[J] first of a listed projection's entries in ptr
    pre: Array  # i32[S] pre neuron, local
    weight: Array  # i64[S] absolute index of the weight


class Inside(NamedTuple):
    """Synapses within recurrent blocks by pre neuron, and the slots of their S-PSP."""

    slot: Array  # i64[J] first slot of an inside projection, in post-major order
    slots: int
    ptr: Array  # i64[N + 1] synapses sent by each neuron
    post: Array  # i64 global
    where: Array  # i64 slot


def post_major(
    projections: Sequence[Projection], wirings: Mapping[str, Wiring], plan: Plan, listed: Array
) -> PostMajor:
    """Every listed projection's synapses sorted by (post, pre)."""
    pointers, indices = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    pres = [np.zeros(0, np.int32)]
    row = np.zeros(len(projections), np.int64)
    entries = synapses = 0
    for k, projection in enumerate(projections):
        if not listed[k]:
            continue
        wiring = wirings[projection.name]
        pre, post = wiring.pairs()
        index = int(plan.weight[k]) + wiring.places().astype(np.int64)
        order = np.lexsort((pre, post))
        counts = np.bincount(post, minlength=wiring.post_neurons)
        row[k] = entries
        pointers.append(synapses + bounds(counts))
        pres.append(pre[order].astype(np.int32))
        indices.append(index[order])
        entries += wiring.post_neurons + 1
        synapses += len(pre)
    return PostMajor(np.concatenate(pointers), row, np.concatenate(pres), np.concatenate(indices))


def inside_synapses(plan: Plan, inside: Array, lists: PostMajor) -> Inside:
    """The synapses of recurrent blocks, by pre neuron."""
    slot = np.zeros(len(inside), np.int64)
    pres, posts, slots = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    used = 0
    for k in np.flatnonzero(inside):
        lo, hi = plan.neurons[plan.post[k]], plan.neurons[plan.post[k] + 1]
        ptr = lists.ptr[lists.row[k] : lists.row[k] + hi - lo + 1]
        first, last = int(ptr[0]), int(ptr[-1])
        slot[k] = used
        pres.append(plan.neurons[plan.pre[k]] + lists.pre[first:last])
        posts.append(lo + np.repeat(np.arange(hi - lo), np.diff(ptr)))
        slots.append(used + np.arange(last - first))
        used += last - first
    pre, post, where = (np.concatenate(x).astype(np.int64) for x in (pres, posts, slots))
    order = np.lexsort((post, pre))
    counts = np.bincount(pre, minlength=int(plan.neurons[-1]))
    return Inside(slot, used, bounds(counts), post[order], where[order])


def block_members(plan: Plan) -> tuple[Array, Array]:
    """(neurons of the blocks in order, i64[B + 1] bounds of the blocks among them)."""
    members = [np.arange(plan.neurons[p], plan.neurons[p + 1]) for p in plan.order]
    ends = bounds([len(m) for m in members])
    return np.concatenate(members).astype(np.int64), ends[plan.block]
