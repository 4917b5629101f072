"""A layout run event by event: neurons fire, packets travel to axons, axons reach synapses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.integers.population import sends
from ...ir.model import Model
from ...ir.passes.schedule import is_stepwise
from ..reference.neurons import Event, Neurons
from ..trace import Trace
from .image import Layout

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What a layout did: spikes of all populations and states of their neurons, as `trace.Trace`
    has them; `sent` [T, senders], how many packets each sender sent in each step of all samples,
    and `events` [T, cores], how many synapses they met on each core."""

    trace: Trace
    sent: Array
    events: Array


class _Slice(NamedTuple):
    """The neurons of a population on a core: their places on the core, and in the population."""

    core: int
    own: slice
    which: Array


@dataclass(slots=True)
class _Due:
    """What is to arrive on a core: by step, the sums at each port of each of its neurons, and where
    each event is delivered by itself (sample 0) the axons with what they bring."""

    sums: dict[int, dict[str, Array]] = field(default_factory=dict)
    events: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)


def play(layout: Layout, inputs: Mapping[str, Array], steps: int, has_states: bool) -> Played:
    """The layout for so many steps; `inputs` are [T, B, N] by input population: how often each
    fires, or the code that it sends.

    A core adds to a sum per neuron and port what an axon brings through its synapses, each after
    its delay. Populations are evaluated in the order of the graph's schedule, so that what has no
    delay arrives in the step in which it was sent. Where a port delivers each event by itself, a
    core takes those of a step by projection, then by sender.
    """
    batch = next((a.shape[1] for a in inputs.values()), 1)
    one = [_Sample(layout, {n: a[:, k] for n, a in inputs.items()}, steps) for k in range(batch)]
    for sample in one:
        sample.run(has_states)
    spikes = {n: np.stack([s.spikes[n] for s in one], axis=1) for n in one[0].spikes}
    states = {
        name: {s: np.stack([o.history[name][s] for o in one], axis=1) for s in held}
        for name, held in one[0].history.items()
    }
    sent = np.sum([s.sent for s in one], axis=0)
    return Played(Trace(spikes, states), sent, np.sum([s.events for s in one], axis=0))


class _Sample:
    """One sample on all cores."""

    def __init__(self, layout: Layout, inputs: Mapping[str, Array], steps: int) -> None:
        self.layout, self.inputs, self.steps = layout, inputs, steps
        graph = layout.graph
        self.numbering, self.means = layout.numbering, graph.semantics
        self.ports = [p.port for p in graph.projections]
        self.delays = [p.delay for p in graph.projections]
        block = {name: k for k, b in enumerate(graph.schedule or ()) for name in b.populations}
        arrival = sorted(graph.projections, key=lambda p: is_stepwise(p, block))
        ranks = {p.name: k for k, p in enumerate(arrival)}
        self.rank = np.array([ranks[p.name] for p in graph.projections], np.int64)
        self.slices = {p.name: self._slices(p.name) for p in self.numbering.populations}
        model = Model(graph, {}, layout.values)
        self.neurons = {
            (name, s.core): Neurons(model, graph.population(name), 1, np.float64, s.which)
            for name, slices in self.slices.items()
            for s in slices
        }
        self.due = [_Due() for _ in range(layout.cores)]
        self.sent = np.zeros((steps, self.numbering.senders), np.int64)
        self.events = np.zeros((steps, layout.cores), np.int64)
        kind = np.bool_ if self.means.spikes_per_step == 1 else np.uint8
        self.spikes: dict[str, Array] = {
            p.name: np.zeros((steps, p.neurons), kind) for p in graph.populations
        }
        self.history: dict[str, dict[str, Array]] = {}
        self.runs: dict[int, list[tuple[slice, int, int]]] = {}  # by their first synapse

    def _slices(self, name: str) -> list[_Slice]:
        population = self.layout.graph.population(name)
        if population.step is None:
            return []
        first, found = self.numbering.first[name], []
        for core in range(self.layout.cores):
            lo, hi = np.searchsorted(
                self.layout.neurons_of(core), (first, first + population.neurons)
            )
            if hi > lo:
                which = self.layout.neurons_of(core)[lo:hi] - first
                found.append(_Slice(core, slice(int(lo), int(hi)), which))
        return found

    def run(self, has_states: bool) -> None:
        """All steps."""
        for t in range(self.steps):
            for block in self.layout.graph.schedule or ():
                for name in block.populations:
                    if self.layout.graph.population(name).step is None:
                        self._send_inputs(name, t)
                    else:
                        self._advance(name, t, has_states)
            for due in self.due:
                due.sums.pop(t, None)
                due.events.pop(t, None)

    def _send_inputs(self, name: str, t: int) -> None:
        given = self.inputs[name][t]
        is_number = sends(self.layout.graph.population(name))
        if not is_number:
            self.spikes[name][t] = given
        for index in np.flatnonzero(given):
            self._send(self.numbering.first[name] + int(index), int(given[index]), is_number, t)

    def _advance(self, name: str, t: int, has_states: bool) -> None:
        """Step t of a population on each of its cores; its packets leave when all have fired."""
        is_number = sends(self.layout.graph.population(name))
        leaving: list[tuple[int, int]] = []
        for own in self.slices[name]:
            neurons = self.neurons[name, own.core]
            if self.means.sums == "each":
                fired, numbers = neurons.advance({}, self._arriving(own, t))
            else:
                fired, numbers = neurons.advance(self._summed(own, neurons, t))
            self.spikes[name][t, own.which] = fired[0]
            value = np.broadcast_to(fired if numbers is None else numbers, fired.shape)[0]
            first = self.numbering.first[name]
            leaving += [(first + int(own.which[k]), int(value[k])) for k in np.flatnonzero(value)]
            if has_states:
                self._note(name, own, neurons, t)
        for sender, value in sorted(leaving):
            self._send(sender, value, is_number, t)

    def _note(self, name: str, own: _Slice, neurons: Neurons, t: int) -> None:
        held = self.history.setdefault(name, {})
        for state, values in neurons.states.items():
            if state not in held:
                size = self.steps, self.layout.graph.population(name).neurons
                held[state] = np.zeros(size, values.dtype)
            held[state][t, own.which] = values[0]

    def _send(self, sender: int, value: int, is_number: bool, t: int) -> None:
        """Packets to every axon of a sender: one of a number, else as many as it fired."""
        lo, hi = self.layout.route_start[sender : sender + 2]
        times = 1 if is_number else value
        self.sent[t, sender] += times
        for axon in self.layout.route[lo:hi]:
            self._arrive(int(axon), value, times, t)

    def _arrive(self, axon: int, value: int, times: int, t: int) -> None:
        """The synapses of an axon, each due after its delay."""
        layout = self.layout
        core = int(np.searchsorted(layout.axon_start, axon, side="right")) - 1
        lo, hi = (int(k) for k in layout.synapse_start[axon : axon + 2])
        self.events[t, core] += times * (hi - lo)
        for span, via, delay in self._runs(lo, hi):
            if t + delay >= self.steps:
                continue
            if self.means.sums == "each":
                # Codes are kept whole: several spikes come one by one, a number at once.
                due = self.due[core].events.setdefault(t + delay, [])
                due.append((span.start, span.stop, value))
                continue
            sums = self.due[core].sums.setdefault(t + delay, {})
            port = self.ports[via]
            if port not in sums:
                sums[port] = np.zeros(len(layout.neurons_of(core)), np.int64)
            np.add.at(sums[port], layout.post[span], layout.weight[span].astype(np.int64) * value)

    def _runs(self, lo: int, hi: int) -> list[tuple[slice, int, int]]:
        """The synapses lo:hi of an axon in runs of one projection, with its delay."""
        if lo in self.runs:
            return self.runs[lo]
        via, found = self.layout.via[lo:hi], []
        cuts = np.flatnonzero(np.diff(via.astype(np.int64))) + 1
        for a, b in pairwise([0, *cuts.tolist(), hi - lo]):
            number = int(via[a])
            found.append((slice(lo + a, lo + b), number, self.delays[number]))
        self.runs[lo] = found
        return found

    def _summed(self, own: _Slice, neurons: Neurons, t: int) -> dict[str, Array]:
        sums = self.due[own.core].sums.get(t, {})
        none = np.zeros(own.own.stop, np.int64)
        return {
            port: np.asarray(sums.get(port, none)[None, own.own], kind)
            for port, kind in neurons.ports.items()
        }

    def _arriving(self, own: _Slice, t: int) -> Iterator[Event]:
        """What arrives at the neurons of a slice in a step, in the order of delivery."""
        layout = self.layout
        due = self.due[own.core].events.get(t, [])
        for start, stop, value in sorted(due, key=self._order):
            post = layout.post[start:stop].astype(np.int64)
            here = (post >= own.own.start) & (post < own.own.stop)
            if not here.any():
                continue
            via = int(layout.via[start])
            is_number = sends(layout.graph.population(layout.graph.projections[via].pre))
            codes = layout.weight[start:stop][here].astype(np.int64)
            arriving, times = (codes * value, 1) if is_number else (codes, value)
            yield Event(self.ports[via], 0, post[here] - own.own.start, arriving, times)

    def _order(self, event: tuple[int, int, int]) -> tuple[int, int]:
        """By projection as it arrives, then by sender: synapses lie by sender."""
        return int(self.rank[self.layout.via[event[0]]]), event[0]
