"""What the device needs beside the rule's tables: where things lie in its memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....compiled.plan import Plan, bounds
from ....cuda.tables import some
from ..numbers import TILE
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
    slot_post: Array  # i32[slots] post neuron, local, of an inside synapse
    place: Array  # i64[N] row of a neuron in its block's system
    fan_in: Array  # i64[J] largest row of weights
    pull_row: Array  # i64[J] first row of a projection in `pull`


class Sizes(NamedTuple):
    """Floats of scratch a sample, and of the whole."""

    traces: int
    parts: int
    pulls: int
    largest_system: int  # neurons


def make_learning(plan: Plan, rule: Rule) -> tuple[Learning, Sizes]:
    """The tables of a rule over a plan."""
    pres, posts = (np.diff(plan.neurons)[x] for x in (plan.pre, plan.post))
    trace, traces = _places(_with_trace(rule), plan.steps * pres)
    taught = (trace >= 0) & (plan.pre == plan.output) & (rule.takes > 0)
    carries = rule.carries > 0
    tiles = np.where(rule.listed > 0, 1, -(-posts // TILE)) * carries
    part, parts = _places(carries, tiles * pres)
    pull_row, pulls = _places(np.ones(len(pres), bool), posts)
    bound, out = _outgoing(plan, carries)
    synapses, slot_post = _inside(plan, rule)
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
        slot_post=slot_post,
        place=place,
        fan_in=_fan_in(plan, rule),
        pull_row=pull_row,
    )
    return learning, Sizes(traces, parts, pulls, largest)


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
    by_pre = sorted(order, key=lambda j: int(plan.pre[j]))  # stable
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


def _inside(plan: Plan, rule: Rule) -> tuple[Array, Array]:
    synapses = np.zeros(len(plan.pre), np.int64)
    slot_post = np.zeros(max(1, rule.slots), np.int32)
    for j in np.flatnonzero(rule.inside):
        posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
        fan_in = np.diff(rule.in_ptr[rule.in_row[j] : rule.in_row[j] + posts + 1])
        synapses[j] = fan_in.sum()
        slots = slice(rule.slot[j], rule.slot[j] + synapses[j])
        slot_post[slots] = np.repeat(np.arange(posts), fan_in)
    return synapses, slot_post


def _system_rows(rule: Rule) -> tuple[Array, int]:
    place = np.zeros(int(rule.members.max()) + 1, np.int64)
    sizes = np.diff(rule.member)
    for first, size in zip(rule.member[:-1], sizes, strict=True):
        place[rule.members[first : first + size]] = np.arange(size)
    return place, int(sizes.max())


def _fan_in(plan: Plan, rule: Rule) -> Array:
    fan_in = np.diff(plan.neurons)[plan.pre].copy()
    for j in np.flatnonzero(rule.listed):
        posts = plan.neurons[plan.post[j] + 1] - plan.neurons[plan.post[j]]
        fan_in[j] = np.diff(rule.in_ptr[rule.in_row[j] : rule.in_row[j] + posts + 1]).max()
    return fan_in.astype(np.int64)
