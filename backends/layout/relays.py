"""Relays: where a sender can drive one axon alone, neurons that pass its spikes on to more.

      sender -> axon of a core of relays -> relay -> axon a
                                         -> relay -> axon b

A relay fires in the step in which a spike reaches it. What it takes is taken off the delay of the
synapses behind it, so that every spike arrives when the model says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.expr import Const, Ref, apply
from ...ir.graph import Call, Graph, Population, Projection
from ...ir.model import Model, weights_name
from ...ir.neuron import Assign, NeuronModel, NeuronStep, State
from ...ir.passes.schedule import Schedule
from ...ir.tensors import Tensor
from ...ir.types import Fixed
from ...ir.wiring import Listed
from .numbering import Numbering

Array = npt.NDArray[Any]
CODE = Fixed(2, 0)
NAME = "relay"


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """What senders are to drive: target k is one axon, driven by `sender[k]` with `delay[k]`, or,
    where that is 0, a place outside. `of` is by projection the target of each synapse."""

    sender: Array
    delay: Array
    of: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class Relayed:
    """A model with its relays, of whose senders none but inputs drives more than one target:
    `driver` and `delay` of each target, 0 of one outside, and `late`, how many steps after the
    sender the driver fires. `core_of` goes on with the relays, on cores of their own."""

    model: Model
    core_of: Array
    driver: Array
    delay: Array
    late: Array


class _Tree(NamedTuple):
    """Relays of all senders on a level: `source` who drives each, a sender of the level before."""

    source: Array
    core: Array


def with_relays(
    model: Model, core_of: Array, targets: Targets, neurons: int, axons: int
) -> Relayed:
    """The model with relays, on cores that hold so many neurons and axons; wirings are lists.
    CompileError(E085) with every projection whose delay leaves no step for a relay."""
    numbering = Numbering.of(model.graph)
    counts = np.bincount(targets.sender, minlength=numbering.senders)
    counts[numbering.neurons :] = 0  # inputs come from outside to as many axons as they want
    depth = _depths(counts, neurons)
    _require_steps(model, targets, depth)
    driver, levels = _levels(targets, depth, neurons, numbering.neurons)
    cores = _packed(levels, int(core_of.max(initial=-1)) + 1, neurons, axons)
    made = _grown(model, numbering, targets, depth, driver, levels)
    is_inner = targets.sender < numbering.neurons
    moved = sum(len(level) for level in levels)
    late = np.where(is_inner, depth[targets.sender], 0)
    return Relayed(
        made,
        np.concatenate([core_of, *cores]).astype(np.int64),
        np.where(is_inner, driver, targets.sender + moved),
        np.where(targets.delay > 0, targets.delay - late, 0),
        late,
    )


def _depths(counts: Array, most: int) -> Array:
    """How many levels of relays each sender needs: a relay core passes a spike on `most` times."""
    depth, reach = np.zeros(len(counts), np.int64), 1
    while (counts > reach).any():
        depth += counts > reach
        reach *= most
    return depth


def _require_steps(model: Model, targets: Targets, depth: Array) -> None:
    found = []
    for projection in model.graph.projections:
        senders = targets.sender[targets.of[projection.name]]
        taken = int(depth[senders].max(initial=0))
        if projection.delay <= taken and taken:
            worst = int(senders[depth[senders].argmax()])
            axons = int((targets.sender == worst).sum())
            steps = "a step" if projection.delay == 1 else f"{projection.delay} steps"
            message = (
                f"`{projection.name}` has a delay of {steps}, and the spikes of "
                f"`{Numbering.of(model.graph).said(worst)}` go to {axons} axons: a neuron drives "
                f"one, and relays take {taken} more"
            )
            way_out = f"write `delay {(taken + 1) * model.graph.dt:g} ms`"
            found.append(Diagnostic("E085", message, projection.span, help=way_out))
    if found:
        raise CompileError(found)


def _levels(targets: Targets, depth: Array, most: int, first: int) -> tuple[Array, list[Array]]:
    """The driver of each target, and of each level of relays who drives each of them; relays are
    numbered from `first` on, level by level, from those next to the senders."""
    driver = targets.sender.copy()
    # From the targets back: those of a sender are a row, then a row of blocks of `most`, ….
    order = np.argsort(targets.sender, kind="stable")
    bounds = np.searchsorted(targets.sender[order], np.arange(len(depth) + 1))
    deep = np.flatnonzero(depth).tolist()
    tops = [(sender, order[bounds[sender] : bounds[sender + 1]]) for sender in deep]
    deepest = int(depth.max(initial=0))
    rows: list[list[tuple[int, int]]] = [[] for _ in range(deepest)]
    for sender, own in tops:
        sizes = [len(own)]
        while sizes[-1] > most:
            sizes.append(-(-sizes[-1] // most))
        above: Array = np.array([-1 - sender])  # a sender is -1 - its number until relays have some
        for level, size in enumerate(reversed(sizes)):
            begin = len(rows[level])
            rows[level] += [(int(above[k // most]), k) for k in range(size)]
            above = np.arange(begin, begin + size)
        driver[own] = above
    sizes_of = [len(row) for row in rows]
    begins = first + np.cumsum([0, *sizes_of])
    levels = []
    for level, row in enumerate(rows):
        source = np.array([s for s, _ in row], np.int64)
        before = begins[level - 1] if level else 0
        levels.append(np.where(source < 0, -1 - source, source + before))
    for sender, own in tops:
        driver[own] += begins[int(depth[sender]) - 1]
    return driver, levels


def _packed(levels: list[Array], first: int, neurons: int, axons: int) -> list[Array]:
    """The cores of relays, numbered from `first` on: all that one drives lie on one."""
    found, core, used, reached = [], first, 0, 0
    for source in levels:
        ends = np.flatnonzero(np.diff(source, append=-1)) + 1  # what one drives is a row
        on = []
        for size in np.diff(ends, prepend=0).tolist():
            if used + size > neurons or reached + 1 > axons:
                core, used, reached = core + 1, 0, 0
            on.append(core)
            used, reached = used + size, reached + 1
        found.append(np.repeat(on, np.diff(ends, prepend=0)))
    return found


def _grown(
    model: Model,
    numbering: Numbering,
    targets: Targets,
    depth: Array,
    driver: Array,
    levels: list[Array],
) -> Model:
    """The model with a population of relays for each level, and projections through them."""
    if not levels:
        return model
    taken = {p.name for p in model.graph.populations}
    relays = [_relays(_free(f"{NAME}{k + 1}", taken), len(s)) for k, s in enumerate(levels)]
    grown = _Grown(model.graph, relays, np.cumsum([numbering.neurons, *map(len, levels)]))
    for k, source in enumerate(levels):
        grown.fed(numbering, k, source)
    for projection in model.graph.projections:
        grown.split(model, projection, targets, depth, driver, numbering)
    own = {n: v for n, v in model.values.items() if not n.startswith(weights_name(""))}
    populations = (*model.graph.populations, *relays)
    graph = replace(
        model.graph, populations=populations, projections=tuple(grown.projections), schedule=None
    )
    return Model(Schedule().run(graph), grown.wirings, {**own, **grown.weights}, model.seed)


def _free(name: str, taken: set[str]) -> str:
    """A name that nothing has."""
    while name in taken:
        name += "_"
    return name


class _Grown:
    """Projections of a model with relays, as they are made."""

    def __init__(self, graph: Graph, relays: list[Population], begins: Array) -> None:
        self.index = {p.name: p for p in (*graph.populations, *relays)}
        self.relays, self.begins = relays, begins
        self.projections: list[Projection] = []
        self.wirings: dict[str, Listed] = {}
        self.weights: dict[str, Tensor] = {}

    def fed(self, numbering: Numbering, level: int, source: Array) -> None:
        """What drives the relays of a level."""
        post, before = self.relays[level], self.relays[level - 1]
        if level:
            pre = source - self.begins[level - 1]
            self._add(_plain(before.name, post.name), pre, np.arange(len(source)), None)
            return
        which = numbering.population_of(source)
        for k in np.unique(which):
            name = numbering.populations[int(k)].name
            here = np.flatnonzero(which == k)
            self._add(_plain(name, post.name), source[here] - numbering.first[name], here, None)

    def split(
        self,
        model: Model,
        projection: Projection,
        targets: Targets,
        depth: Array,
        driver: Array,
        numbering: Numbering,
    ) -> None:
        """A projection without what comes by relays, and that by each level of them."""
        wiring, weights = (
            model.wirings[projection.name],
            model.values[weights_name(projection.name)],
        )
        assert isinstance(wiring, Listed), "wirings are lists here"
        level = depth[numbering.first[projection.pre] + wiring.pre]
        for k in np.unique(level):
            here = np.flatnonzero(level == k)
            codes = Tensor(weights.array[here], weights.dtype)
            if not k:
                self._add(projection, wiring.pre[here], wiring.post[here], codes)
                continue
            name = self.relays[k - 1].name
            pre = driver[targets.of[projection.name][here]] - self.begins[k - 1]
            apart = replace(
                projection,
                name=f"{projection.name} by {name}",
                pre=name,
                delay=projection.delay - int(k),
                lr_mult=0.0,
            )
            self._add(apart, pre, wiring.post[here], codes)

    def _add(self, projection: Projection, pre: Array, post: Array, codes: Tensor | None) -> None:
        order = np.lexsort((post, pre))
        sizes = [self.index[name].neurons for name in (projection.pre, projection.post)]
        ends = [array[order].astype(np.int32) for array in (pre, post)]
        if codes is None:
            codes = Tensor(np.ones(len(order), np.int8), CODE)
        self.projections.append(projection)
        self.wirings[projection.name] = Listed(sizes[0], sizes[1], ends[0], ends[1])
        self.weights[weights_name(projection.name)] = Tensor(codes.array[order], codes.dtype)


def _plain(pre: str, post: str) -> Projection:
    """A projection to relays, one step long."""
    one = Call("constant", (("value", 1.0),))
    return Projection(f"{pre}->{post}", pre, post, Call("dense"), one, "i", 1, 0.0)


def _relays(name: str, neurons: int) -> Population:
    """Neurons that fire when a spike arrives."""
    dtype = Fixed(32, 0)
    zero, one = Const(0, dtype), Const(1, dtype)
    v, i = Ref("v", dtype), Ref("i", dtype)
    state = State("v", "1", zero, dtype)
    step = NeuronStep(
        (state,),
        ("i",),
        (),
        deliver=(Assign("v", apply("add", v, i)),),
        threshold=apply("ge", v, one),
        reset=(Assign("v", zero),),
    )
    plain = Ref("v"), Ref("i")
    model = NeuronModel(
        NAME,
        (),
        (State("v", "1", Const(0.0)),),
        ("i",),
        (),
        (Assign("v", apply("add", *plain)),),
        apply("ge", Ref("v"), Const(1.0)),
        (Assign("v", Const(0.0)),),
    )
    return Population(name, (neurons,), "hidden", model, step=step)
