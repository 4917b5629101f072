"""What the device needs beside the rule's tables: where things lie in its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....compiled.kinds import LIST, PAIRS, WINDOW, windows_of
from ....compiled.plan import Plan, bounds
from ....compiled.synapses import Inside, PostMajor, inside_synapses
from ....compiled.windows import OUTPUTS
from ....cuda.tables import some
from ..numbers import SQUARE, TILE
from ..tables import Rule

Array = npt.NDArray[Any]


class Learning(NamedTuple):
    """What the backward pass needs of each block, projection and population."""

    trace: Array  # i64[J] place of the projection's traces, -1 without
    taught: Array  # u8[J] traces of the output's spikes, a teacher's among them
    has_taught: bool
    part: Array  # i64[J] place of the parts of its message
    tiles: Array  # i64[J] parts of its message; 0 where it sends none
    out_bound: Array  # i64[P + 1] bounds of the populations within `out`
    out: Array  # i64 projections that send errors back, by pre population, in the order of sums
    has_inside: Array  # u8[B]
    sends: Array  # u8[B]
    synapses: Array  # i64[J] of an inside projection
    slot: Array  # i64[J] first slot of an inside projection, whose synapses are post-major
    slot_post: Array  # i32[slots] post neuron, local, of an inside synapse
    out_ptr: Array  # i64[N + 1] listed inside synapses by pre neuron, global
    out_post: Array  # i64 global
    out_slot: Array  # i64
    square_bound: Array  # i64[P + 1] bounds of the populations within `square`
    square: Array  # i64 all-pairs inside projections, by pre population
    population: Array  # i64[N]
    place: Array  # i64[N] row of a neuron in its block's system
    rows: Array  # i64[J] rows of weights: one of a post neuron, or where shared, of a channel
    row_size: Array  # i64[J] weights of the largest
    pull_row: Array  # i64[J] first row of a projection in `pull`


class Sizes(NamedTuple):
    """Floats of scratch a sample, and of the whole."""

    traces: int
    parts: int
    pulls: int
    slots: int  # synapses inside recurrent blocks
    largest_system: int  # neurons


def make_learning(plan: Plan, rule: Rule) -> tuple[Learning, Sizes]:
    """The tables of a rule over a plan."""
    pres, posts = (np.diff(plan.neurons)[x] for x in (plan.pre, plan.post))
    trace, traces = _places(_with_trace(rule), plan.steps * pres)
    taught = (trace >= 0) & (plan.pre == plan.output) & (rule.takes > 0)
    carries = rule.carries > 0
    tiles = np.where(plan.kind == PAIRS, -(-posts // TILE), 1) * carries
    part, parts = _places(carries, tiles * pres)
    shared = plan.kind == WINDOW
    rows = np.where(shared, plan.windows[:, OUTPUTS], posts)
    pull_row, pulls = _places(np.ones(len(pres), bool), rows)
    bound, out = _outgoing(plan, carries)
    fan_ins = [_fan_ins(plan, rule, j) for j in range(len(pres))]
    each = np.diff(plan.weight) // np.maximum(1, plan.windows[:, OUTPUTS])
    synapses = np.array([f.sum() for f in fan_ins], np.int64) * rule.inside
    listed = _listed_inside(plan, rule)
    square = rule.form == SQUARE
    square_slot, squares = _places(square, synapses)
    slot = np.where(square, listed.slots + square_slot, listed.slot)
    square_bound, square_by_pre = _by_pre(plan, np.flatnonzero(square).tolist())
    place, largest = _system_rows(rule)
    learning = Learning(
        trace=trace,
        taught=taught.astype(np.uint8),
        has_taught=bool(taught.any()),
        part=part,
        tiles=tiles.astype(np.int64),
        out_bound=bound,
        out=out,
        has_inside=_of_blocks(plan, rule.inside > 0),
        sends=_of_blocks(plan, carries),
        synapses=synapses,
        slot=slot,
        slot_post=_slot_posts(rule, slot, fan_ins, listed.slots + squares),
        out_ptr=listed.ptr,
        out_post=some(listed.post),
        out_slot=some(listed.where),
        square_bound=square_bound,
        square=square_by_pre,
        population=np.repeat(np.arange(len(plan.model)), np.diff(plan.neurons)),
        place=place,
        rows=rows,
        row_size=np.where(shared, each, [f.max() for f in fan_ins]),
        pull_row=pull_row,
    )
    return learning, Sizes(traces, parts, pulls, listed.slots + squares, largest)


def _with_trace(rule: Rule) -> Array:
    used = (rule.takes > 0) & ((rule.trains > 0) | (rule.carries > 0) | (rule.inside > 0))
    if rule.hybrid:
        used |= rule.takes > 0
    if rule.lateral >= 0:
        used[rule.lateral] = True
    return used


def _places(used: Array, sizes: Array) -> tuple[Array, int]:
    """(first place of each used item or -1, all their sizes together)."""
    ends = np.cumsum(np.where(used, sizes, 0))
    return np.where(used, ends - sizes, -1).astype(np.int64), int(ends[-1]) if len(ends) else 0


def _outgoing(plan: Plan, carries: Array) -> tuple[Array, Array]:
    """Projections by pre population, in the order in which the backward pass comes by them."""
    order = [
        j
        for b in range(len(plan.block) - 2, -1, -1)
        for p in plan.order[plan.block[b] : plan.block[b + 1]]
        for j in plan.sources[plan.incoming[p] : plan.incoming[p + 1]]
        if carries[j]
    ]
    return _by_pre(plan, order)


def _by_pre(plan: Plan, projections: list[int]) -> tuple[Array, Array]:
    """(i64[P + 1] bounds of the populations, the projections by pre population)."""
    by_pre = sorted(projections, key=lambda j: int(plan.pre[j]))  # stable
    counts = np.bincount(plan.pre[by_pre] if by_pre else [], minlength=len(plan.model))
    return bounds(counts), some(np.array(by_pre, np.int64))


def _of_blocks(plan: Plan, marked: Array) -> Array:
    """Whether a block has a marked projection into it."""
    posts = set(plan.post[marked].tolist())
    return np.array(
        [
            any(int(p) in posts for p in plan.order[plan.block[b] : plan.block[b + 1]])
            for b in range(len(plan.block) - 1)
        ],
        np.uint8,
    )


def _listed_inside(plan: Plan, rule: Rule) -> Inside:
    """The synapses of the inside projections that are learnt as lists, by pre neuron."""
    lists = PostMajor(rule.in_ptr, rule.in_row, rule.in_pre, rule.in_index)
    return inside_synapses(plan, (rule.inside > 0) & (rule.form == LIST), lists)


def _fan_ins(plan: Plan, rule: Rule, j: int) -> Array:
    """The synapses of each post neuron of projection j."""
    pre, post = (int(plan.neurons[p + 1] - plan.neurons[p]) for p in (plan.pre[j], plan.post[j]))
    if rule.form[j] == WINDOW:
        return windows_of(plan.windows[j]).fan_in()
    if rule.form[j] != LIST:
        return np.full(post, pre, np.int64)
    ptr: Array = rule.in_ptr[rule.in_row[j] : rule.in_row[j] + post + 1]
    return np.diff(ptr)


def _slot_posts(rule: Rule, slot: Array, fan_ins: Sequence[Array], slots: int) -> Array:
    made = np.zeros(max(1, slots), np.int32)
    for j in np.flatnonzero(rule.inside).tolist():
        posts = np.repeat(np.arange(len(fan_ins[j])), fan_ins[j])
        made[slot[j] : slot[j] + len(posts)] = posts
    return made


def _system_rows(rule: Rule) -> tuple[Array, int]:
    place = np.zeros(int(rule.members.max()) + 1, np.int64)
    sizes = np.diff(rule.member)
    for first, size in zip(rule.member[:-1], sizes, strict=True):
        place[rule.members[first : first + size]] = np.arange(size)
    return place, int(sizes.max())
