"""A training rule laid over a plan: which projections learn, and the numbers of their S-PSP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.graph import Call, Graph, Projection, TrainSpec
from ...ir.wiring import Wiring
from ..effect_ratio import effect_curve, polynomial_slope, quartic_derivative, tabulated_slope
from ..spike_response import SpikeResponse, spike_response
from .plan import Plan

Array = npt.NDArray[Any]
TILE = 16  # posts that one thread updates together: one cache line of a pre-major weight row


class Profile(NamedTuple):
    """What distinguishes the rules and their profiles; see the table in docs/training.md."""

    hybrid: bool  # HM2-BP: factor 1 + s, no Omega
    closed: bool  # S-PSP of the continuous kernel
    quartic: bool  # Omega from the fitted polynomial
    reference: bool  # the authors' recurrent gradient and message
    silent_ratio: float  # de/du where either train is empty
    silent_entry: float  # e of a silent post neuron and an active pre neuron
    lowest: float
    highest: float


_INFINITE = float("inf")
_HM2 = Profile(True, False, False, False, 1.0, 0.1, -_INFINITE, _INFINITE)
_ST = Profile(False, False, True, False, 0.5, 0.0, -_INFINITE, _INFINITE)

PROFILES: dict[str, dict[str, Profile]] = {
    "hm2_bp": {
        "reference": _HM2._replace(closed=True),
        "paper": _HM2._replace(closed=True, silent_entry=0.0),
        "recommended": _HM2,
    },
    "st_rsbp": {
        "reference": _ST._replace(reference=True),
        "paper": _ST,
        "recommended": _ST._replace(quartic=False, lowest=0.1, highest=10.0),
    },
}


class Rule(NamedTuple):
    """P populations, J projections, N neurons, T steps; the flags are u8."""

    hybrid: bool
    closed: bool
    quartic: bool
    reference: bool
    silent_ratio: np.float32
    silent_entry: np.float32
    lowest: np.float32
    highest: np.float32
    target: float
    other: float
    margin: float
    lateral: float  # strength of the output's lateral inhibition, 0 without
    lateral_projection: int  # -1 without
    nu: Array  # f32[P] threshold
    refractory: Array  # i64[P]
    keep_v: Array  # f32[P]
    keep_c: Array  # f32[P]
    gain: Array  # f32[P]
    power: Array  # f32[P, T + 1] keep_v to the k
    slope: Array  # f64[P, most + 1] derivative of the effect curve
    takes: Array  # u8[J] part of the rule (not a lateral inhibition)
    trains: Array  # u8[J]
    carries: Array  # u8[J] sends error to its pre population
    inside: Array  # u8[J] within a recurrent block
    listed: Array  # u8[J] learnt synapse by synapse
    shift: Array  # i64[J] delay of the trace
    in_ptr: Array  # i64 per listed projection: bounds by post neuron
    in_row: Array  # i64[J] first entry of a listed projection in in_ptr
    in_pre: Array  # i32[S] pre neuron, local
    in_index: Array  # i64[S] absolute index of the weight
    slot: Array  # i64[J] first slot of an inside projection, in in_* order
    slots: int
    out_ptr: Array  # i64[N + 1] inside synapses by pre neuron, global
    out_post: Array  # i64 global
    out_slot: Array  # i64
    members: Array  # i64 neurons of the blocks, in order
    member: Array  # i64[B + 1]


def make_rule(graph: Graph, spec: TrainSpec, plan: Plan, wirings: Mapping[str, Wiring]) -> Rule:
    """The tables of `spec.rule` for a graph; CompileError(E050) where the rule does not apply."""
    responses = [None if p.step is None else spike_response(p) for p in graph.populations]
    profile = PROFILES[spec.rule.kind][str(spec.rule["profile"])]
    flags = _flags(graph, plan)
    lists = _post_major(graph.projections, wirings, plan, flags["listed"])
    inside = _inside_synapses(graph.projections, plan, flags["inside"], lists)
    lateral, strength = _lateral(graph)
    keep_v, keep_c, gain = _kernel(responses, profile.closed)
    refractory = np.array([r.refractory if r else 0 for r in responses], np.int64)
    post_refractory = refractory[plan.post] if len(plan.post) else refractory[:0]
    return Rule(
        *profile[:4],
        *(np.float32(value) for value in profile[4:]),
        target=_number(spec.rule, "target"),
        other=_number(spec.rule, "other"),
        margin=_number(spec.rule, "margin"),
        lateral=strength,
        lateral_projection=lateral,
        nu=np.array([r.threshold if r else 1.0 for r in responses], np.float32),
        refractory=refractory,
        keep_v=keep_v.astype(np.float32),
        keep_c=keep_c.astype(np.float32),
        gain=gain.astype(np.float32),
        power=(keep_v[:, None] ** np.arange(plan.steps + 1)).astype(np.float32),
        slope=_slopes(responses, profile, plan.steps),
        **flags,
        shift=post_refractory if profile.closed else plan.delay,
        **lists,
        **inside,
    )


def _number(call: Call, name: str) -> float:
    return float(str(call[name]))


def _kernel(responses: Sequence[SpikeResponse | None], closed: bool) -> tuple[Array, Array, Array]:
    rows = [_filter(r, closed) if r else (0.0, 0.0, 0.0) for r in responses]
    keep_v, keep_c, gain = np.array(rows, np.float64).T
    return keep_v, keep_c, gain


def _filter(response: SpikeResponse, closed: bool) -> tuple[float, float, float]:
    if not closed:
        return response.keep_v, response.keep_c, response.gain
    slow, fast = response.tau_mem, response.tau_syn
    return float(np.exp(-1 / slow)), float(np.exp(-1 / fast)), 1.0 / (1.0 - fast / slow)


def _slopes(responses: Sequence[SpikeResponse | None], profile: Profile, steps: int) -> Array:
    longest = steps + 1
    rows = [np.zeros(longest) if r is None or profile.hybrid else _slope(r, profile, steps) for r in responses]
    return np.array(rows, np.float64)


def _slope(response: SpikeResponse, profile: Profile, steps: int) -> Array:
    """de/do per presynaptic spike at o = 0 … steps."""
    time = (response.tau_mem, response.tau_syn, response.refractory, steps)
    counts = np.arange(steps + 1, dtype=np.float64)
    if profile.quartic:
        return quartic_derivative(polynomial_slope(*time), counts)
    table = tabulated_slope(effect_curve(*time))
    return table[np.minimum(counts, len(table) - 1).astype(np.int64)]


def _flags(graph: Graph, plan: Plan) -> dict[str, Array]:
    lateral = np.array([_is_lateral(p, graph) for p in graph.projections], bool)
    block = _block_of(plan)
    pre, post = plan.pre, plan.post
    recurrent = np.array([b >= 0 and plan.recurrent[b] > 0 for b in block], bool)
    inside = (block[pre] == block[post]) & recurrent[post] & ~lateral
    inputs = np.isin(pre, plan.inputs)
    trains = np.array([p.trainable for p in graph.projections], bool) & ~lateral
    u8 = np.uint8
    return {
        "takes": (~lateral).astype(u8),
        "trains": trains.astype(u8),
        "carries": (~lateral & ~inputs & ~inside).astype(u8),
        "inside": inside.astype(u8),
        "listed": ((plan.dense == 0) | inside).astype(u8),
    }


def _is_lateral(projection: Projection, graph: Graph) -> bool:
    fixed = not projection.trainable and projection.pre == projection.post
    return fixed and projection.connectivity.kind == "lateral_inhibition"


def _lateral(graph: Graph) -> tuple[int, float]:
    outputs = {p.name for p in graph.populations if p.role == "output"}
    for k, projection in enumerate(graph.projections):
        if _is_lateral(projection, graph) and projection.post in outputs:
            return k, abs(_number(projection.init, "value"))
    return -1, 0.0


def _block_of(plan: Plan) -> Array:
    block = np.full(len(plan.model), -1, np.int64)
    for b in range(len(plan.recurrent)):
        block[plan.order[plan.block[b] : plan.block[b + 1]]] = b
    return block


def _post_major(
    projections: Sequence[Projection], wirings: Mapping[str, Wiring], plan: Plan, listed: Array
) -> dict[str, Array]:
    """Every listed projection's synapses sorted by (post, pre)."""
    pointers, pres, indices = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    row = np.zeros(len(projections), np.int64)
    entries = synapses = 0
    for k, projection in enumerate(projections):
        if not listed[k]:
            continue
        wiring = wirings[projection.name]
        pre, post, index = synapse_list(wiring, int(plan.weight[k]))
        order = np.lexsort((pre, post))
        counts = np.bincount(post, minlength=wiring.post_neurons)
        row[k] = entries
        pointers.append(synapses + np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
        pres.append(pre[order].astype(np.int32))
        indices.append(index[order].astype(np.int64))
        entries += wiring.post_neurons + 1
        synapses += len(pre)
    return {
        "in_ptr": np.concatenate(pointers),
        "in_row": row,
        "in_pre": np.concatenate(pres),
        "in_index": np.concatenate(indices),
    }


def synapse_list(wiring: Wiring, base: int) -> tuple[Array, Array, Array]:
    """(pre, post, absolute weight index) of every synapse, sorted by (pre, post)."""
    if wiring.pre is None or wiring.post is None:
        pairs = np.indices((wiring.pre_neurons, wiring.post_neurons)).reshape(2, -1)
        return pairs[0], pairs[1], base + np.arange(wiring.synapses)
    tap = np.arange(wiring.synapses) if wiring.tap is None else wiring.tap
    return wiring.pre, wiring.post, base + tap.astype(np.int64)


def _inside_synapses(
    projections: Sequence[Projection], plan: Plan, inside: Array, lists: dict[str, Array]
) -> dict[str, Any]:
    """The synapses of recurrent blocks, by pre neuron, and the slots of their S-PSP."""
    slot = np.zeros(len(projections), np.int64)
    pres, posts, slots = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    used = 0
    for k in np.flatnonzero(inside):
        lo, hi = plan.neurons[plan.post[k]], plan.neurons[plan.post[k] + 1]
        ptr = lists["in_ptr"][lists["in_row"][k] : lists["in_row"][k] + hi - lo + 1]
        first, last = int(ptr[0]), int(ptr[-1])
        slot[k] = used
        pres.append(plan.neurons[plan.pre[k]] + lists["in_pre"][first:last])
        posts.append(lo + np.repeat(np.arange(hi - lo), np.diff(ptr)))
        slots.append(used + np.arange(last - first))
        used += last - first
    pre, post, where = np.concatenate(pres), np.concatenate(posts), np.concatenate(slots)
    order = np.lexsort((post, pre))
    bounds = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=int(plan.neurons[-1])))])
    members = [np.arange(plan.neurons[p], plan.neurons[p + 1]) for p in plan.order]
    sizes = [sum(len(m) for m in members[plan.block[b] : plan.block[b + 1]]) for b in range(len(plan.recurrent))]
    return {
        "slot": slot,
        "slots": used,
        "out_ptr": bounds.astype(np.int64),
        "out_post": post[order].astype(np.int64),
        "out_slot": where[order].astype(np.int64),
        "members": np.concatenate(members).astype(np.int64),
        "member": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
    }
