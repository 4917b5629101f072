"""What training a sample must compute and move, counted from the spikes that it had.

One `Cost` a stage, by the algorithm of the CPU backend (docs/performance.md derives the formulas).

An operation is one float32 lane of one vector instruction: a multiply-add, an addition, a
comparison; a 64-bit integer takes two lanes, a division or a square root as many as fit in the
time that it keeps the divider busy. A scalar instruction counts as one lane, although it takes the
place of a whole vector: the floor of a scalar loop is too low, never too high. Bytes are counted
where a stage streams through more than a row; what stays in registers or L1 is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from machine import Machine

from snncc.backends.compiled.codes import SPIKES
from snncc.backends.compiled.plan import Plan
from snncc.backends.rules.spike_train.cpu.spsp import LINE
from snncc.backends.rules.spike_train.tables import Rule
from snncc.backends.trainers.cpu import GROUPS
from snncc.ir.expr import Apply, walk
from snncc.ir.graph import Graph

Array = npt.NDArray[Any]

FORWARD = ("encode", "drive", "step")
BACKWARD = ("judge", "solve", "traces", "rows", "message", "update", "write-back")
STAGES = (*FORWARD, *BACKWARD)

DIVISION = 10  # a vector division or square root against a multiply-add, on current x86 cores
PHILOX = 10 * 10 * 2 + 4  # 10 rounds of 10 operations on 64-bit words, 4 comparisons: 4 draws
COMPACT = 2  # a draw's place in the event list: store, advance
TRACE = 3  # c <- keep c;  v <- keep v + gain c
SEND = 3  # message += (x w) (e / u + silent)
ADAM = 14 + 2 * DIVISION
DESCENT = 6
SWEEPS = 2  # a solve takes one sweep to find and one to see that nothing changes
SLOW = {"div": DIVISION, "sqrt": DIVISION} | dict.fromkeys(
    ("exp", "log", "tanh", "sin", "cos", "pow"), 2 * DIVISION
)


@dataclass(frozen=True, slots=True)
class Cost:
    """One stage of a sample. `read` and `update` [bytes]: streamed in, and changed in place;
    `working_set` [bytes] is what a thread goes through again for every sample."""

    stage: str
    operations: float
    read: float = 0.0
    update: float = 0.0
    working_set: float = 0.0

    def milliseconds(self, machine: Machine, threads: int) -> float:
        """The least time on this machine: arithmetic or memory, whichever takes longer."""
        level = machine.level(self.level(machine), threads)
        arithmetic = self.operations / (machine.fma(threads) / 2)
        memory = self.read / level.read + self.update / level.update
        return max(arithmetic, memory) / 1e6

    def level(self, machine: Machine) -> str:
        """The first cache that holds the working set, else "DRAM"."""
        fitting = [name for name, size in machine.caches if size >= self.working_set]
        return fitting[0] if fitting else "DRAM"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What the counting reads of a network."""

    graph: Graph
    plan: Plan
    rule: Rule
    is_adam: bool


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """What K presented samples did. `counts[p]`: f64 [K, n] spikes of each neuron of population p;
    `drawn`: inputs that may fire at all, mean over the samples."""

    counts: tuple[Array, ...]
    drawn: float

    def spikes(self, p: int) -> float:
        """Spikes of a population, mean over the samples."""
        return float(self.counts[p].sum(axis=1).mean())

    def rates(self, graph: Graph, steps: int) -> dict[str, float]:
        """Percent of the steps with a spike, mean over a population's neurons."""
        return {
            population.name: 100 * self.spikes(p) / (steps * population.neurons)
            for p, population in enumerate(graph.populations)
        }

    def additions(self, p: int) -> Array:
        """[K, n] trace rows that the S-PSP of a post neuron adds up: 2 o - 1 for o > 0 spikes."""
        rows: Array = np.maximum(2 * self.counts[p] - 1, 0)
        return rows

    def columns(self, p: int) -> Array:
        """[K] columns of the trace: neurons that fired, in whole lines, or all where little would
        be saved."""
        n = self.counts[p].shape[1]
        active = (self.counts[p] > 0).sum(axis=1)
        whole = -(-active // LINE) * LINE
        width: Array = np.where(4 * active >= 3 * n, n, np.where(whole < n, whole, active))
        return width


def activity_of(plan: Plan, rasters: Array, drawn: float) -> Activity:
    """The activity in rasters bool [K, T, N]."""
    counts = rasters.sum(axis=1).astype(np.float64)
    bounds = plan.neurons
    parts = tuple(counts[:, lo:hi] for lo, hi in pairwise(bounds))
    return Activity(parts, drawn)


def floor_ms(costs: tuple[Cost, ...], machine: Machine, threads: int) -> float:
    """Stages follow each other, so their least times add up."""
    return sum(cost.milliseconds(machine, threads) for cost in costs)


def forward_costs(network: Network, activity: Activity) -> tuple[Cost, ...]:
    """Encode, drive, step."""
    return summed(
        (_encode(network, activity), *_drives(network, activity), *_steps(network, activity))
    )


def backward_costs(network: Network, activity: Activity, batch: int) -> tuple[Cost, ...]:
    """Everything after the last step, with this sample's share of the update."""
    return summed((
        *_judge(network, activity),
        *_solve(network, activity),
        *_learn(network, activity, batch),
    ))  # fmt: skip


def summed(costs: tuple[Cost, ...]) -> tuple[Cost, ...]:
    """One cost a stage, in the order of STAGES; the largest working set counts."""
    groups = [[c for c in costs if c.stage == stage] for stage in STAGES]
    return tuple(
        Cost(
            group[0].stage,
            sum(c.operations for c in group),
            sum(c.read for c in group),
            sum(c.update for c in group),
            max(c.working_set for c in group),
        )
        for group in groups
        if group
    )


def _encode(network: Network, activity: Activity) -> Cost:
    plan = network.plan
    spikes = sum(activity.spikes(p) for p in plan.inputs)
    drawn = 0.0 if (plan.encoder == SPIKES).any() else activity.drawn
    draws = drawn * plan.steps
    return Cost("encode", draws * (PHILOX / 4 + COMPACT), update=8 * spikes, working_set=4 * spikes)


def _drives(network: Network, activity: Activity) -> Iterator[Cost]:
    """What comes from complete blocks: a weight row a spike."""
    plan = network.plan
    for p in plan.order:
        for s in range(plan.incoming[p], plan.inner[p]):
            yield delivery("drive", plan, activity, int(plan.sources[s]))


def delivery(stage: str, plan: Plan, activity: Activity, j: int) -> Cost:
    """The rows of weights that the spikes add to the currents."""
    pre, posts = int(plan.pre[j]), neurons(plan, int(plan.post[j]))
    if plan.dense[j]:
        events = activity.spikes(pre) * posts
        return Cost(stage, events, read=4 * events, working_set=4 * neurons(plan, pre) * posts)
    fan_out = np.diff(plan.csr_ptr[plan.row[j] : plan.row[j] + neurons(plan, pre) + 1])
    events = float((activity.counts[pre] @ fan_out).mean())
    return Cost(stage, events, read=16 * events, working_set=16 * float(fan_out.sum()))


def _steps(network: Network, activity: Activity) -> Iterator[Cost]:
    """The neurons' own arithmetic, and what a block sends itself."""
    plan = network.plan
    for p in plan.order:
        step = network.graph.populations[p].step
        assert step is not None
        row = 4.0 * (2 * len(step.states) + len(step.ports)) * neurons(plan, p)
        operations = plan.steps * neurons(plan, p) * step_operations(network.graph, int(p))
        yield Cost("step", operations, update=plan.steps * row, working_set=row)
        for s in range(plan.inner[p], plan.incoming[p + 1]):
            yield delivery("step", plan, activity, int(plan.sources[s]))


def step_operations(graph: Graph, p: int) -> float:
    """Operations of one step of one neuron."""
    step = graph.populations[p].step
    assert step is not None
    expressions = [a.value for a in (*step.update, *step.after)] + [step.spike]
    return sum(SLOW.get(n.op, 1) for e in expressions for n in walk(e) if isinstance(n, Apply))


def _judge(network: Network, activity: Activity) -> Iterator[Cost]:
    """Events sorted by neuron (counted, then placed), and the lateral factor of the output."""
    plan, rule = network.plan, network.rule
    spikes = sum(activity.spikes(p) for p in range(len(plan.model)))
    yield Cost("judge", 2 * spikes, read=8 * spikes, update=8 * spikes, working_set=12 * spikes)
    if rule.lateral >= 0:
        yield _trace("judge", network, activity, rule.lateral)
        pairs = activity.additions(plan.output).sum(axis=1).mean() * neurons(plan, plan.output)
        yield Cost("judge", float(pairs))


def _solve(network: Network, activity: Activity) -> Iterator[Cost]:
    """Omega of every neuron; S-PSP and Theta of the synapses inside blocks; the system's sweeps."""
    plan, rule = network.plan, network.rule
    for j in range(len(plan.pre)):
        if rule.takes[j] and not rule.hybrid:
            yield _omega(plan, activity, j)
        if rule.inside[j]:
            yield _trace("solve", network, activity, j)
            yield _inside(network, activity, j)


def _omega(plan: Plan, activity: Activity, j: int) -> Cost:
    """sum_k o_k w_ki: the rows of the pre neurons that fired, once each."""
    once = Activity(tuple((c > 0).astype(np.float64) for c in activity.counts), activity.drawn)
    return delivery("solve", plan, once, j)


def _inside(network: Network, activity: Activity, j: int) -> Cost:
    pre, post = synapses(network, j)
    additions = activity.additions(int(network.plan.post[j]))[:, post]
    active = activity.counts[int(network.plan.pre[j])][:, pre] > 0
    entries = float((additions * active).sum(axis=1).mean())
    return Cost(
        "solve",
        entries + len(pre) * (DIVISION + 2 + 2 * SWEEPS),
        read=4 * entries + 24.0 * SWEEPS * len(pre),
        working_set=float(_trace_bytes(network, activity, j)) + 24.0 * len(pre),
    )


def _learn(network: Network, activity: Activity, batch: int) -> Iterator[Cost]:
    rule = network.rule
    for j in range(len(network.plan.pre)):
        if not rule.takes[j] or not (rule.trains[j] or rule.carries[j]):
            continue
        if not rule.inside[j]:
            yield _trace("traces", network, activity, j)
            yield _rows(network, activity, j)
        if rule.carries[j]:
            yield _message(network, activity, j)
        if rule.trains[j]:
            yield from _update(network, j, batch)


def _trace(stage: str, network: Network, activity: Activity, j: int) -> Cost:
    size = _trace_bytes(network, activity, j)
    return Cost(stage, TRACE * size / 4, update=2 * size, working_set=size)


def _trace_bytes(network: Network, activity: Activity, j: int) -> float:
    columns = activity.columns(int(network.plan.pre[j])).mean()
    return 4.0 * network.plan.steps * float(columns)


def _rows(network: Network, activity: Activity, j: int) -> Cost:
    """Rows of the S-PSP matrix: 2 o - 1 rows of the trace for a post neuron with o spikes."""
    plan = network.plan
    additions = activity.additions(int(plan.post[j]))
    if network.rule.listed[j]:
        pre, post = synapses(network, j)
        active = activity.counts[int(plan.pre[j])][:, pre] > 0
        values = float((additions[:, post] * active).sum(axis=1).mean())
    else:
        columns = activity.columns(int(plan.pre[j]))
        values = float((additions.sum(axis=1) * columns).mean())
    return Cost("rows", values, read=4 * values, working_set=_trace_bytes(network, activity, j))


def _message(network: Network, activity: Activity, j: int) -> Cost:
    """SEND a weight of a post neuron that fired, one a weight of a silent one."""
    plan = network.plan
    firing = float((activity.counts[int(plan.post[j])] > 0).mean())
    weights = trained_weights(network, j)
    return Cost(
        "message",
        weights * (1 + (SEND - 1) * firing),
        read=4.0 * weights,
        working_set=4.0 * weights,
    )


def _update(network: Network, j: int, batch: int) -> Iterator[Cost]:
    """Batch 1: weights and moments at once. Else an accumulator a sample, and its share of one
    pass over weights, moments and all accumulators."""
    plan, rule = network.plan, network.rule
    weights = trained_weights(network, j)
    every = sum(trained_weights(network, k) for k in range(len(plan.pre)) if rule.trains[k])
    moments = 24.0 if network.is_adam else 16.0
    work = ADAM if network.is_adam else DESCENT
    is_dense = not rule.listed[j]
    groups = min(batch, GROUPS) if batch > 1 else 0
    state = every * (moments / 2 + 4)
    share = weights / batch
    if groups:
        yield Cost("update", weights, update=8.0 * weights, working_set=4 * groups * every)
    yield Cost(
        "update",
        share * (work + groups),
        update=share * (moments + 8.0 * groups),
        working_set=state + 4 * groups * every,
    )
    if is_dense:
        yield Cost("write-back", share, update=12 * share, working_set=8.0 * weights)


def trained_weights(network: Network, j: int) -> int:
    """The weights of projection j."""
    return int(network.plan.weight[j + 1] - network.plan.weight[j])


def synapses(network: Network, j: int) -> tuple[Array, Array]:
    """(pre, post) of every synapse of a listed projection, local indices, by post."""
    plan, rule = network.plan, network.rule
    posts = neurons(plan, int(plan.post[j]))
    bounds = rule.in_ptr[rule.in_row[j] : rule.in_row[j] + posts + 1]
    return rule.in_pre[bounds[0] : bounds[-1]], np.repeat(np.arange(posts), np.diff(bounds))


def neurons(plan: Plan, p: int) -> int:
    """The size of population p."""
    return int(plan.neurons[p + 1] - plan.neurons[p])
