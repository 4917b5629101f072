"""A network over time as an ONNX model: a Scan for each block that has something to carry.

What a block receives from those before it is summed for all steps at once, outside of its Scan,
and so is all that reads nothing else; delays between blocks are shifts in time. Within a block,
spikes that are late wait in a ring, which the Scan carries along with the states.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto

from ....ir.graph import Block, Population
from ....ir.model import Model
from ....ir.neuron import LAST_EMITTED, REFRACTORY, State
from ....ir.passes.pipeline import run_model_passes
from ....ir.rules import sends_numbers
from .expressions import Level, Value
from .form import OLD, Pair, made, metadata
from .lean import lean
from .loop import Loop
from .network import KINDS, SPIKES, Network, Region, joint, kept
from .neurons import Done, kind_of, require_written, step_of
from .sums import pushed
from .wholes import proved_ranges

COUNTS, SCORES = "counts", "scores"


def scan_model(
    model: Model,
    digest: str,
    steps: int | None = None,
    every_spike: bool = False,
    every_state: bool = False,
    pair: Pair = OLD,
    is_coded: bool = False,
) -> ModelProto:
    """A network over time; `digest` is that of its graph. Of floats, in float32, sums are in an
    order of the runtime's, and with `is_coded` weights are kept as int8.

    Input `spikes` uint8 [T, B, inputs], 0 or 1, the input populations side by side in graph order;
    T is `steps`, or any number. `numbers` int32 [B, numbers], if there are inputs that send these
    in every step. Outputs: `counts` int32 [B, outputs], how often the output fired;
    where a number scores it `scores` int32 [B, outputs], its last code; for `every_spike`
    `h.spikes` uint8 [T, B, N] of each population h, for `every_state` `h.v` int32 [T, B, N] of each
    state v after each step; of floats float32 in place of int32, but for counters.
    CompileError(E071, E075) for a network that these cannot say.
    """
    model = run_model_passes(model)
    require_written(model.graph)
    network = _InTime(model, steps, every_state, is_coded)
    for block in model.graph.schedule or ():
        if block.populations[0] not in network.spikes:
            network.pass_through(block)
    said = network.end(every_spike)
    about = metadata(model, digest, said, is_coded)
    return made(model, network.nodes, network.ends, pair, about)


class _InTime(Network):
    """`spikes` uint8 [T, B, N] of the populations that are done, `last` the last states."""

    def __init__(self, model: Model, steps: int | None, every_state: bool, is_coded: bool) -> None:
        super().__init__(model, 1, is_coded)
        self.steps: int | str = "T" if steps is None else steps
        self.every_state = every_state
        taken = self.taken(self.steps, "B")
        inputs = [p for p in model.graph.populations if p.step is None]
        self.spikes = {p.name: self._train(p, taken[p.name]) for p in inputs}
        self.sent = {p.name: self._sent(p, taken[p.name]) for p in inputs}
        self.last: dict[tuple[str, str], str] = {}
        for population in self.order if model.graph.semantics.integers else ():
            if population.step is not None:
                self._find_ranges(population)

    def _find_ranges(self, population: Population) -> None:
        """Lets a population be stepped as whole numbers, if that is proved; without what nobody
        sees, unless its states are shown."""
        forms = (population,) if self.every_state else (lean(population), population)
        for form in forms:
            ranges = proved_ranges(self.model, form, self.reach(form.name))
            if ranges is not None:
                self.ranges[form.name], self.index[form.name] = ranges, form
                return

    def reach(self, name: str) -> dict[str, Value]:
        """What can arrive at the ports of a population."""
        found = {}
        for port in step_of(self.index[name]).ports:
            into = [s for s in self.synapses[name] if s.projection.port == port]
            ends = [self.arriving_ends(each) for each in into]
            found[port] = Value("i32", *joint(ends), "x", Level.ALL)
        return found

    def _train(self, population: Population, taken: str) -> str:
        """The spikes of an input; none of one that sends numbers."""
        if not sends_numbers(population):
            return taken
        return self._in_every_step(self.nodes.constant(np.zeros((), np.uint8)), population)

    def _sent(self, population: Population, taken: str) -> str:
        return self._in_every_step(taken, population) if sends_numbers(population) else taken

    def _in_every_step(self, value: str, population: Population) -> str:
        """[B, N] as [T, B, N]."""
        steps = self.nodes.node("Shape", SPIKES, start=0, end=1)
        shape = self.nodes.node("Concat", steps, self.shape(population.neurons), axis=0)
        return self.nodes.node("Expand", value, shape)

    def pass_through(self, block: Block) -> None:
        """The populations of a block in all steps."""
        members = [self.index[name] for name in block.populations]
        loop = Loop(self.nodes, SPIKES)
        states = {
            (p.name, s.name): loop.carry(self.first(p, s), self.kind_of(p, s))
            for p, s in kept(members)
        }
        rings = self._rings(loop, members)
        region = Region(self, loop.scopes, self.sent, {}, rings)
        done = {}
        for population in members:
            own = {s.name: states[population.name, s.name] for _, s in kept([population])}
            done[population.name] = region.advance(population, own)
            if block.is_recurrent:
                region.fire(population, done[population.name])
        shown = self._leave(loop, region, done)
        for name, (ring, late) in rings.items():
            kind = KINDS[self.is_number(self.index[name])]
            loop.leave(pushed(loop.scopes.body, ring, late, region.now[name]), kind)
        fired = {p.name: self._collected(loop, done[p.name], p) for p in members}
        numbers = {
            p.name: loop.collect(region.number(p, done[p.name]), np.int32)
            for p in members
            if self.is_number(p)
        }
        loop.close()
        for population, state, found in shown:
            told, shape = self._told(population, state, found), self._whole(population)
            self.shows(f"{population.name}.{state.name}", told, kind_of(state), *shape)
        for population in members:
            name = population.name
            self.spikes[name] = self.as_spikes(self.nodes, fired[name])
            self.sent[name] = numbers.get(name, self.spikes[name])

    def _rings(self, loop: Loop, members: list[Population]) -> dict[str, tuple[str, int]]:
        rings = {}
        for population in members:
            late = self.late(population.name, [p.name for p in members])
            if late:
                kind = KINDS[self.is_number(population)]
                none = self.nodes.constant(np.array(0, kind))
                full = self.nodes.node("Expand", none, self.shape(late, population.neurons))
                rings[population.name] = loop.carry(full, kind), late
        return rings

    def _leave(
        self, loop: Loop, region: Region, done: Mapping[str, Done]
    ) -> list[tuple[Population, State, str]]:
        """The states after a step; the names outside of those that are outputs."""
        shown = []
        for name, each in done.items():
            for population, state in kept([self.index[name]]):
                made = region.full(each.states[state.name], population)
                kind = self.kind_of(population, state)
                self.last[name, state.name] = loop.leave(made, kind)
                if self.every_state:
                    shown.append((population, state, loop.collect(made, kind)))
        return shown

    def _told(self, population: Population, state: State, found: str) -> str:
        """The codes of a state outside of the Scan."""
        if population.name not in self.ranges:
            return found
        if state.name == REFRACTORY:
            found = self.nodes.text(f"Max({found}, f64(0.0))")
        return self.nodes.text(f"Cast({found}, to=INT32)")

    def _collected(self, loop: Loop, done: Done, population: Population) -> str:
        """Whether the neurons fired, in all steps."""
        if done.spiked.level is Level.STEP:
            return loop.collect(done.spiked.name, np.bool_)
        fired = loop.scopes.name(done.spiked, "bool", Level.ALL)
        return self._in_every_step(fired, population)

    def _whole(self, population: Population) -> tuple[int | str, int | str, int | str]:
        return self.steps, "B", population.neurons

    def end(self, every_spike: bool) -> dict[str, tuple[Population, State]]:
        """Makes the outputs of the whole; the states among all outputs by name."""
        for population in self.index.values() if every_spike else ():
            spikes, shape = self.spikes[population.name], self._whole(population)
            self.shows(f"{population.name}.spikes", spikes, np.uint8, *shape)
        states = kept(self.order) if self.every_state else []
        said = {f"{p.name}.{s.name}": (p, s) for p, s in states}
        return said if self.output is None else said | self._scored(self.output)

    def _scored(self, output: Population) -> dict[str, tuple[Population, State]]:
        if step_of(output).threshold is not None:
            fired = self.nodes.text(f"Cast({self.spikes[output.name]}, to=INT32)")
            total = self.nodes.node("ReduceSum", fired, self.nodes.indices(0), keepdims=0)
            self.shows(COUNTS, total, np.int32, "B", output.neurons)
        scores = [(p, s) for p, s in kept([output]) if s.name == LAST_EMITTED]
        for _, state in scores:
            last = self._told(output, state, self.last[output.name, state.name])
            self.shows(SCORES, last, kind_of(state), "B", output.neurons)
        return dict.fromkeys([SCORES], scores[0]) if scores else {}
