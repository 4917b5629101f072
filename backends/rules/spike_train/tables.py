"""A training rule laid over a plan: which projections learn, and the numbers of their S-PSP."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Call, Graph, Population, TrainSpec
from ....ir.model import Model
from ...compiled.kinds import LIST, PAIRS, WINDOW
from ...compiled.plan import Plan
from ...compiled.synapses import Inside, block_members, inside_synapses, post_major
from ...compiled.windows import KERNEL, POOL
from ...losses.table import count_tables, loss_of, of_counts
from ..reach import taught
from .check import counted, is_lateral, output_of, require_all
from .effect import effect_curve, polynomial_slope, quartic_derivative, tabulated_slope
from .numbers import SQUARE
from .profiles import Profile, profile_of
from .response import SpikeResponse, spike_response
from .teacher import Lesson

Array = npt.NDArray[Any]


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
    error: Array  # f32[2, T + 1] dL/do at o spikes, of another neuron and the target
    cost: Array  # f64[2, T + 1] the cost there
    lesson: int  # steps between two spikes of a teacher
    lateral: int  # the output's lateral inhibition, -1 without
    nu: Array  # f32[P] threshold
    refractory: Array  # i64[P]
    keep_v: Array  # f32[P]
    keep_c: Array  # f32[P]
    gain: Array  # f32[P]
    power: Array  # f32[P, T + 1] keep_v to the k
    slope: Array  # f64[P, T + 1] derivative of the effect curve
    takes: Array  # u8[J] part of the rule (not a lateral inhibition)
    trains: Array  # u8[J]
    carries: Array  # u8[J] sends error to its pre population
    inside: Array  # u8[J] within a recurrent block
    form: (
        Array  # u8[J] how it is learnt: PAIRS row by row, SQUARE within a recurrent block; LIST, or
    )
    # windows there; WINDOW
    joint: Array  # u8[P] several projections take part in its HM2-BP factor
    shift: Array  # i64[J] delay of the trace
    silent: Array  # f32[J] silent_ratio, that of poolings apart
    share: Array  # f32[J] of a pooling's raw error that goes to each of its square; 0: as any other
    in_ptr: Array  # i64 per projection of form LIST: bounds by post neuron
    in_row: Array  # i64[J] first entry of such a projection in in_ptr
    in_pre: Array  # i32[S] pre neuron, local
    in_index: Array  # i64[S] absolute index of the weight
    slot: Array  # i64[J] first slot of an inside projection, in in_* order
    slots: int
    out_ptr: Array  # i64[N + 1] inside synapses by pre neuron, global
    out_post: Array  # i64 global
    out_slot: Array  # i64
    members: Array  # i64 neurons of the blocks, in order
    member: Array  # i64[B + 1]


def make_rule(model: Model, spec: TrainSpec, plan: Plan) -> Rule:
    """The tables of a spec's rule for a model; CompileError(E050) where it does not apply."""
    graph, call, loss = model.graph, spec.call("rule"), loss_of(spec)
    require_all(model, call)
    profile = profile_of(call)
    responses = [_response(p, profile, call) for p in graph.populations]
    flags = _flags(graph, plan)
    form = _forms(plan, flags.inside)
    lists = post_major(graph.projections, model.wirings, plan, form == LIST)
    square = form == SQUARE
    inside = inside_synapses(plan, flags.inside > square, lists)
    members, member = block_members(plan)
    keep_v, keep_c, gain = _kernel(responses, profile.closed)
    refractory = np.array([r.refractory if r else 0 for r in responses], np.int64)
    return Rule(
        hybrid=profile.hybrid,
        closed=profile.closed,
        quartic=profile.quartic,
        reference=profile.reference,
        silent_ratio=np.float32(profile.silent_ratio),
        silent_entry=np.float32(profile.silent_entry),
        lowest=np.float32(profile.lowest),
        highest=np.float32(profile.highest),
        **_judged(loss, plan.steps),
        lateral=_lateral(graph),
        nu=np.array([r.threshold if r else 1.0 for r in responses], np.float32),
        refractory=refractory,
        keep_v=keep_v.astype(np.float32),
        keep_c=keep_c.astype(np.float32),
        gain=gain.astype(np.float32),
        power=(keep_v[:, None] ** np.arange(plan.steps + 1)).astype(np.float32),
        slope=_slopes(responses, profile, plan.steps),
        takes=flags.takes,
        trains=flags.trains,
        carries=flags.carries,
        inside=flags.inside,
        form=form,
        joint=_joint(plan, flags.takes),
        shift=_shift(plan, refractory, profile.closed),
        **_pools(plan, profile),
        in_ptr=lists.ptr,
        in_row=lists.row,
        in_pre=lists.pre,
        in_index=lists.weight,
        **_square_slots(plan, square, inside),
        out_ptr=inside.ptr,
        out_post=inside.post,
        out_slot=inside.where,
        members=members,
        member=member,
    )


def _forms(plan: Plan, inside: Array) -> Array:
    """The form in which each projection is learnt: that of its kind, save inside recurrent blocks,
    where every synapse's S-PSP is kept: there all pairs are SQUARE, and windows a LIST."""
    form = plan.kind.copy()
    form[(inside > 0) & (plan.kind == PAIRS)] = SQUARE
    form[(inside > 0) & (plan.kind == WINDOW)] = LIST
    return form


def _judged(loss: Call, steps: int) -> dict[str, Any]:
    error, cost = count_tables(loss, steps)
    lesson = Lesson(steps, of_counts(loss).wanted(loss, steps))
    return {"error": error, "cost": cost, "lesson": lesson.gap}


def _joint(plan: Plan, takes: Array) -> Array:
    several = np.bincount(plan.post[takes > 0], minlength=len(plan.model)) > 1
    return np.asarray(several, np.uint8)


def _response(population: Population, profile: Profile, rule: Call) -> SpikeResponse | None:
    """What the rule knows of a population, None of an input."""
    if population.step is None:
        return None
    response = spike_response(population)
    if profile.closed and math.isclose(response.tau_mem, response.tau_syn):
        same = f"`{population.name}` has equal membrane and synaptic time constants"
        raise CompileError(
            Diagnostic(
                "E050",
                f"{same}, where the closed form of profile {rule['profile']} divides by 0",
                population.span,
                help='make them differ, or write profile = "recommended"',
            )
        )
    return response


def _shift(plan: Plan, refractory: Array, closed: bool) -> Array:
    """The closed form delays a spike by the refractory time; a projection's delay beyond 1 adds."""
    return plan.delay + refractory[plan.post] - 1 if closed else plan.delay


def _pools(plan: Plan, profile: Profile) -> dict[str, Any]:
    """What goes through poolings otherwise than through other projections."""
    is_pool = (plan.kind == WINDOW) & (plan.windows[:, POOL] > 0)
    silent = np.where(is_pool, profile.silent_pool, profile.silent_ratio)
    share = 1.0 / np.maximum(1, plan.windows[:, KERNEL]) ** 2
    shared = is_pool & profile.shared_pools
    return {"silent": silent.astype(np.float32), "share": (share * shared).astype(np.float32)}


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
    rows = [
        np.zeros(longest) if r is None or profile.hybrid else _slope(r, profile, steps)
        for r in responses
    ]
    return np.array(rows, np.float64)


def _slope(response: SpikeResponse, profile: Profile, steps: int) -> Array:
    """de/do per presynaptic spike at o = 0 … steps."""
    time = (response.tau_mem, response.tau_syn, response.refractory, steps)
    counts = np.arange(steps + 1, dtype=np.float64)
    if profile.quartic:
        return quartic_derivative(polynomial_slope(*time), counts)
    table = tabulated_slope(effect_curve(*time))
    return table[np.minimum(counts, len(table) - 1).astype(np.int64)]


def _square_slots(plan: Plan, square: Array, listed: Inside) -> dict[str, Any]:
    """The first slot of every inside projection, and all slots: lists first, then all pairs."""
    sizes = np.diff(plan.neurons)
    pairs = np.where(square, sizes[plan.pre] * sizes[plan.post], 0)
    ends = listed.slots + np.cumsum(pairs, dtype=np.int64)
    slot = np.where(square, ends - pairs, listed.slot)
    return {"slot": slot, "slots": int(ends[-1]) if len(ends) else listed.slots}


class _Flags(NamedTuple):
    """u8[J] each; see the fields of the same names in `Rule`."""

    takes: Array
    trains: Array
    carries: Array
    inside: Array


def _flags(graph: Graph, plan: Plan) -> _Flags:
    lateral = np.array([is_lateral(p) for p in graph.projections], bool)
    trainable = np.array([p.trainable for p in graph.projections], bool)
    block = _block_of(plan)
    recurrent = np.array([b >= 0 and plan.recurrent[b] > 0 for b in block], bool)
    own = block[plan.pre] == block[plan.post]
    learning = taught(graph, counted)
    needed = np.array([p.name in learning for p in graph.populations], bool)
    inside = own & recurrent[plan.post] & needed[plan.post] & ~lateral
    return _Flags(
        takes=(~lateral).astype(np.uint8),
        trains=(trainable & ~lateral).astype(np.uint8),
        carries=(~lateral & needed[plan.pre] & ~inside).astype(np.uint8),
        inside=inside.astype(np.uint8),
    )


def _lateral(graph: Graph) -> int:
    output = output_of(graph).name
    found = [k for k, p in enumerate(graph.projections) if is_lateral(p) and p.post == output]
    if len(found) > 1:
        second = graph.projections[found[1]]
        message = f"`{output}` has several lateral inhibitions; the rule knows one"
        raise CompileError(Diagnostic("E050", message, second.span, help="add their weights up"))
    return found[0] if found else -1


def _block_of(plan: Plan) -> Array:
    block = np.full(len(plan.model), -1, np.int64)
    for b in range(len(plan.recurrent)):
        block[plan.order[plan.block[b] : plan.block[b + 1]]] = b
    return block
