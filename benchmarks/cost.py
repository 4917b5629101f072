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

from snncc.ir.expr import Apply, walk
from snncc.ir.graph import Graph, TrainSpec
from snncc.ir.wiring import AllPairs, Wiring, wire

Array = npt.NDArray[Any]

FORWARD = ("encode", "drive", "step")
BACKWARD = ("judge", "solve", "traces", "rows", "message", "update", "write-back")
STAGES = (*FORWARD, *BACKWARD)

LINE = 16  # float32 of a cache line
GROUPS = 8  # accumulators of a batch
DIVISION = 10  # a vector division or square root against a multiply-add, on current x86 cores
PHILOX = 10 * 10 * 2 + 4  # 10 rounds of 10 operations on 64-bit words, 4 comparisons: 4 draws
COMPACT = 2  # a draw's place in the event list: store, advance
TRACE = 3  # c <- keep c;  v <- keep v + gain c
SEND = 3  # message += (x w) (e / u + silent)
ADAM = 14 + 2 * DIVISION
DESCENT = 6
SWEEPS = 2  # a solve takes one sweep to find and one to see that nothing changes
SLOW = {"div": DIVISION, "sqrt": DIVISION} | dict.fromkeys(
    ("exp", "exprel", "log", "tanh", "sin", "cos", "pow"), 2 * DIVISION
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
class Link:
    """A projection as the counting reads it. `pre`, `post`: places of populations in the graph.
    `inside`: within a recurrent block, so that it is delivered step by step. `lateral`: the fixed
    inhibition of the output, which no rule teaches. `trains`, `carries`: its weights learn; error
    goes back through it."""

    pre: int
    post: int
    wiring: Wiring
    inside: bool
    lateral: bool
    trains: bool
    carries: bool

    @property
    def is_full(self) -> bool:
        """Whether it joins all pairs."""
        return isinstance(self.wiring, AllPairs)

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.wiring.synapses

    @property
    def posts(self) -> int:
        """The neurons behind it."""
        return self.wiring.post_neurons


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What the counting reads of a network. `steps` of a sample; `is_hybrid`: the rule is HM2-BP,
    which needs no Omega."""

    graph: Graph
    steps: int
    links: tuple[Link, ...]
    is_adam: bool
    is_hybrid: bool

    def neurons(self, p: int) -> int:
        """The size of population p."""
        return self.graph.populations[p].neurons


def network_of(graph: Graph, spec: TrainSpec, steps: int, seed: int) -> Network:
    """The network of a scheduled graph and its training."""
    assert graph.schedule is not None
    place = {p.name: k for k, p in enumerate(graph.populations)}
    block = {n: (k, b.is_recurrent) for k, b in enumerate(graph.schedule) for n in b.populations}
    links = []
    for p in graph.projections:
        pre, post = graph.populations[place[p.pre]], graph.populations[place[p.post]]
        lateral = p.connectivity.kind == "lateral_inhibition" and not p.trainable
        inside = block.get(p.pre) == block[p.post] and block[p.post][1]
        carries = not (lateral or inside or pre.model is None)
        wiring = wire(p, pre.shape, post.shape, seed)
        trains = p.trainable and not lateral
        links.append(Link(place[p.pre], place[p.post], wiring, inside, lateral, trains, carries))
    is_adam, is_hybrid = spec.call("optimizer").kind == "adam", spec.call("rule").kind == "hm2_bp"
    return Network(graph, steps, tuple(links), is_adam, is_hybrid)


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """What K presented samples did. `counts[p]`: f64 [K, n] spikes of each neuron of population p;
    `drawn`: inputs that may fire at all, mean over the samples."""

    counts: tuple[Array, ...]
    drawn: float

    def spikes(self, p: int) -> float:
        """Spikes of a population, mean over the samples."""
        return float(self.counts[p].sum(axis=1).mean())

    def rates(self, network: Network) -> dict[str, float]:
        """Percent of the steps with a spike, mean over a population's neurons."""
        return {
            population.name: 100 * self.spikes(p) / (network.steps * population.neurons)
            for p, population in enumerate(network.graph.populations)
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


def activity_of(network: Network, rasters: Array, drawn: float) -> Activity:
    """The activity in rasters bool [K, T, N]."""
    counts = rasters.sum(axis=1).astype(np.float64)
    ends = np.cumsum([0, *(p.neurons for p in network.graph.populations)])
    return Activity(tuple(counts[:, lo:hi] for lo, hi in pairwise(ends)), drawn)


def floor_ms(costs: tuple[Cost, ...], machine: Machine, threads: int) -> float:
    """Stages follow each other, so their least times add up."""
    return sum(cost.milliseconds(machine, threads) for cost in costs)


def totals(costs: tuple[Cost, ...]) -> tuple[float, float]:
    """(operations, bytes)."""
    return sum(c.operations for c in costs), sum(c.read + c.update for c in costs)


def forward_costs(network: Network, activity: Activity) -> tuple[Cost, ...]:
    """Encode, drive, step."""
    outer = (delivery("drive", activity, link) for link in network.links if not link.inside)
    return summed((_encode(network, activity), *outer, *_steps(network, activity)))


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
    inputs = [p for p, population in enumerate(network.graph.populations) if population.encoding]
    spikes = sum(activity.spikes(p) for p in inputs)
    draws = activity.drawn * network.steps
    return Cost("encode", draws * (PHILOX / 4 + COMPACT), update=8 * spikes, working_set=4 * spikes)


def delivery(stage: str, activity: Activity, link: Link) -> Cost:
    """The rows of weights that the spikes add to the currents."""
    if link.is_full:
        events = activity.spikes(link.pre) * link.posts
        return Cost(stage, events, read=4 * events, working_set=4 * link.synapses)
    fan_out = np.bincount(link.wiring.pairs()[0], minlength=link.wiring.pre_neurons)
    events = float((activity.counts[link.pre] @ fan_out).mean())
    return Cost(stage, events, read=16 * events, working_set=16 * float(fan_out.sum()))


def _steps(network: Network, activity: Activity) -> Iterator[Cost]:
    """The neurons' own arithmetic, and what a block sends itself."""
    for p, population in enumerate(network.graph.populations):
        step = population.step
        if step is None:
            continue
        row = 4.0 * (2 * len(step.states) + len(step.ports)) * population.neurons
        operations = network.steps * population.neurons * step_operations(network.graph, p)
        yield Cost("step", operations, update=network.steps * row, working_set=row)
    yield from (delivery("step", activity, link) for link in network.links if link.inside)


def step_operations(graph: Graph, p: int) -> float:
    """Operations of one step of one neuron."""
    step = graph.populations[p].step
    assert step is not None
    expressions = [a.value for a in (*step.update, *step.after)] + [step.spike]
    return sum(SLOW.get(n.op, 1) for e in expressions for n in walk(e) if isinstance(n, Apply))


def _judge(network: Network, activity: Activity) -> Iterator[Cost]:
    """Events sorted by neuron (counted, then placed), and the lateral factor of the output."""
    spikes = sum(activity.spikes(p) for p in range(len(activity.counts)))
    yield Cost("judge", 2 * spikes, read=8 * spikes, update=8 * spikes, working_set=12 * spikes)
    for link in network.links:
        if link.lateral:
            yield _trace("judge", network, activity, link)
            pairs = activity.additions(link.post).sum(axis=1).mean() * link.posts
            yield Cost("judge", float(pairs))


def _solve(network: Network, activity: Activity) -> Iterator[Cost]:
    """Omega of every neuron; S-PSP and Theta of the synapses inside blocks; the system's sweeps."""
    for link in network.links:
        if not link.lateral and not network.is_hybrid:
            yield _omega(activity, link)
        if link.inside and not link.lateral:
            yield _trace("solve", network, activity, link)
            yield _inside(network, activity, link)


def _omega(activity: Activity, link: Link) -> Cost:
    """sum_k o_k w_ki: the rows of the pre neurons that fired, once each."""
    once = Activity(tuple((c > 0).astype(np.float64) for c in activity.counts), activity.drawn)
    return delivery("solve", once, link)


def _inside(network: Network, activity: Activity, link: Link) -> Cost:
    """All pairs: rows of the trace, and SEND a synapse a sweep. A list: synapse by synapse."""
    entries, size = _row_values(activity, link), _trace_bytes(network, activity, link)
    sweeps, each = (SEND * SWEEPS, 4.0) if link.is_full else (DIVISION + 2 + 2 * SWEEPS, 24.0)
    return Cost(
        "solve",
        entries + link.synapses * sweeps,
        read=4 * entries + each * SWEEPS * link.synapses,
        working_set=size + each * link.synapses,
    )


def _learn(network: Network, activity: Activity, batch: int) -> Iterator[Cost]:
    for link in network.links:
        if link.lateral or not (link.trains or link.carries):
            continue
        if not link.inside:
            yield _trace("traces", network, activity, link)
            values, size = _row_values(activity, link), _trace_bytes(network, activity, link)
            yield Cost("rows", values, read=4 * values, working_set=size)
        if link.carries:
            yield _message(activity, link)
        if link.trains:
            yield from _update(network, link, batch)


def _trace(stage: str, network: Network, activity: Activity, link: Link) -> Cost:
    size = _trace_bytes(network, activity, link)
    return Cost(stage, TRACE * size / 4, update=2 * size, working_set=size)


def _trace_bytes(network: Network, activity: Activity, link: Link) -> float:
    return 4.0 * network.steps * float(activity.columns(link.pre).mean())


def _row_values(activity: Activity, link: Link) -> float:
    """Values of the S-PSP matrix: 2 o - 1 rows of the trace for a post neuron with o spikes."""
    additions = activity.additions(link.post)
    if link.is_full:
        return float((additions.sum(axis=1) * activity.columns(link.pre)).mean())
    pre, post = link.wiring.pairs()
    active = activity.counts[link.pre][:, pre] > 0
    return float((additions[:, post] * active).sum(axis=1).mean())


def _message(activity: Activity, link: Link) -> Cost:
    """SEND a weight of a post neuron that fired, one a weight of a silent one."""
    firing, weights = float((activity.counts[link.post] > 0).mean()), link.synapses
    operations = weights * (1 + (SEND - 1) * firing)
    return Cost("message", operations, read=4.0 * weights, working_set=4.0 * weights)


def _update(network: Network, link: Link, batch: int) -> Iterator[Cost]:
    """Batch 1: weights and moments at once. Else an accumulator a sample, and its share of one
    pass over weights, moments and all accumulators."""
    weights, every = link.synapses, trained_weights(network)
    moments = 24.0 if network.is_adam else 16.0
    work = ADAM if network.is_adam else DESCENT
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
    if link.is_full:
        yield Cost("write-back", share, update=12 * share, working_set=8.0 * weights)


def trained_weights(network: Network) -> int:
    """All weights that learn."""
    return sum(link.synapses for link in network.links if link.trains)
