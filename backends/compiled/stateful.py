"""Synapses that hold values as flat arrays, for the kernels of an engine that has such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph, Projection
from ...ir.model import Model
from ...ir.schemes.events import SynapseStep, constants_of, starts_of, synapse_step, terms_of
from ...ir.wiring import AllPairs, Wiring
from .plan import Plan, bounds, distinct_steps

Array = npt.NDArray[Any]
# A row of `States.table`, -1 in all of it for synapses without: the number of the step's part for
# spikes that arrive, and of that for spikes of the post neuron (-1: none); the place of what the
# synapses hold; how many values each; whether the last is the weight; the place of their steps; how
# many they are; that of the constants and terms, and its end; of `back_ptr`, -1 of all pairs.
FIELDS = 10
(
    SYN_PRE,
    SYN_POST,
    SYN_HELD,
    SYN_ROWS,
    SYN_WEIGHT,
    SYN_SINCE,
    SYN_COUNT,
    SYN_LOOK,
    SYN_END,
    SYN_BACK,
) = range(FIELDS)
PARTS = 3  # of a synapse's step: both, and one that tells what it holds and changes nothing
LOOKING = 2  # the last of them, counted from the first
LEAST = 1024  # synapses that are looked at together


class States(NamedTuple):
    """J projections; S synapses of those that hold values, in the graph's order, and as many as
    `held` values together."""

    table: Array  # i64[J, FIELDS]
    starts: Array  # f32[J, most states] their first values
    look: Array  # f32: of a projection its constants, then the terms of each number of steps
    back_ptr: Array  # i64 bounds of a post neuron's synapses, of listed projections
    back: Array  # i32 their numbers within the projection
    held: int
    since: int
    longest: int  # synapses of a neuron, of one projection, or LEAST


def distinct_synapses(graph: Graph) -> tuple[SynapseStep, ...]:
    """The different steps of synapses of a graph, in order of first appearance."""
    found = (synapse_step(p.synapse.model) for p in graph.projections if p.synapse is not None)
    return tuple(dict.fromkeys(found))


NO_STATES = States(
    np.full((0, FIELDS), -1, np.int64),
    np.zeros((0, 0), np.float32),
    np.zeros(0, np.float32),
    np.zeros(0, np.int64),
    np.zeros(0, np.int32),
    *(0, 0, 0),
)


def make_states(model: Model, plan: Plan) -> States:
    """The arrays of a model that is `network.ready`."""
    graph, projections = model.graph, model.graph.projections
    own = [p for p in projections if p.synapse is not None]
    if not own:
        return NO_STATES
    looks = {p.name: _look(p, graph.dt, plan.steps) for p in own}
    backs = {p.name: _back(p, model.wirings[p.name]) for p in own}
    table = _table(graph, model.wirings, looks, backs)
    starts = np.zeros((len(projections), max(int(row[SYN_ROWS]) for row in table) + 1), np.float32)
    for k, projection in enumerate(projections):
        if projection.synapse is not None:
            first = starts_of(projection.synapse)
            starts[k, : len(first)] = first
    counts = np.maximum(table[:, SYN_COUNT], 0)
    return States(
        table,
        starts,
        np.concatenate([look.ravel() for look in looks.values()]),
        np.concatenate([ptr for ptr, _ in backs.values()]),
        np.concatenate([back for _, back in backs.values()]),
        int(np.sum(counts * np.maximum(table[:, SYN_ROWS], 0))),
        int(counts.sum()),
        max(LEAST, *(_longest(model.wirings[p.name]) for p in own)),
    )


def _table(
    graph: Graph,
    wirings: Mapping[str, Wiring],
    looks: Mapping[str, Array],
    backs: Mapping[str, tuple[Array, Array]],
) -> Array:
    parts = {step: k for k, step in enumerate(distinct_synapses(graph))}
    neurons = len(distinct_steps(graph))
    table = np.full((len(graph.projections), FIELDS), -1, np.int64)
    held = since = look = entries = 0
    for k, projection in enumerate(graph.projections):
        if projection.synapse is None:
            continue
        step = synapse_step(projection.synapse.model)
        first = neurons + PARTS * parts[step]
        count, end = wirings[projection.name].synapses, look + looks[projection.name].size
        ptr = backs[projection.name][0]
        is_plastic = projection.synapse.model.is_plastic
        post = first + 1 if step.post else -1
        place = entries if len(ptr) else -1
        table[k] = (
            *(first, post, held, len(step.held), is_plastic, since, count, look, end),
            place,
        )
        held, since, look = held + count * len(step.held), since + count, end
        entries += len(ptr)
    return _from_one(table, backs)


def _from_one(table: Array, backs: Mapping[str, tuple[Array, Array]]) -> Array:
    """The table; bounds of one list follow those of another."""
    first = 0
    for ptr, back in backs.values():
        ptr += first
        first += len(back)
    return table


def _look(projection: Projection, dt: float, steps: int) -> Array:
    """The constants of a projection, then a row of terms for each number of steps."""
    assert projection.synapse is not None
    terms = terms_of(projection.synapse, dt, steps)
    constants = constants_of(projection.synapse)
    return np.concatenate([constants, terms.ravel()]).astype(np.float32)


def _back(projection: Projection, wiring: Wiring) -> tuple[Array, Array]:
    """(bounds by post neuron, numbers of its synapses), empty where nothing asks for them."""
    assert projection.synapse is not None
    if not projection.synapse.model.on_post or isinstance(wiring, AllPairs):
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    _, post = wiring.pairs()
    order = np.argsort(post, kind="stable").astype(np.int32)
    return bounds(np.bincount(post, minlength=wiring.post_neurons)), order


def _longest(wiring: Wiring) -> int:
    """The most synapses of a pre neuron, or pre neurons of one."""
    if isinstance(wiring, AllPairs):
        return max(wiring.pre_neurons, wiring.post_neurons)
    pre, post = wiring.pairs()
    return max(int(np.bincount(end).max(initial=0)) for end in (pre, post))
