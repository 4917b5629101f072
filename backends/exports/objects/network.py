"""A network of integers as LLVM's text: what `exports.c.program` says, over the same struct."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from ....ir.expr import names
from ....ir.graph import Graph, Population, Projection
from ....ir.model import Model, start_of, weights_name
from ....ir.neuron import LAST_EMITTED, Assign, State
from ....ir.rules import sends_numbers
from ...compiled.text.step import identifiers as step_names
from ..c.header import scored
from ..c.layout import SUM, Layout, moving, step_of
from ..c.names import identifiers
from ..c.synapses import Array
from ..c.tables import shared_by
from .code import Code, Value, constant
from .synapses import Body, Sender, Synapses, deliver, over, quotient
from .tables import Tables
from .triples import Triple
from .words import INTRINSICS, computed, product_function, quotient_function


def network_text(model: Model, layout: Layout, row: Triple) -> str:
    """The module of `net_reset` and `net_step`, for a machine."""
    return _Writer(model, layout, row).written()


@dataclass(frozen=True, slots=True)
class Cell:
    """A neuron of which code is written: where it lies, and what arrives at its ports."""

    code: Code
    population: Population
    place: Value
    arriving: Mapping[str, Value]


class _Writer:
    def __init__(self, model: Model, layout: Layout, row: Triple) -> None:
        self.model, self.graph, self.layout, self.row = model, model.graph, layout, row
        self.index, self.means = self.graph.index(), self.graph.semantics
        self.places = {field.name: k for k, field in enumerate(layout.fields)}
        self.projections = identifiers(p.name.replace("->", " to ") for p in self.graph.projections)
        self.tables = Tables()

    def written(self) -> str:
        computed = [p for p in self._in_order() if p.step is not None]
        functions = [self._population(p) for p in computed]
        functions += [self._reset(), self._step(computed)]
        functions += [] if self.row.products else [product_function()]
        functions += [] if self.row.quotients else [quotient_function()]
        kind = state_type(self.layout)
        return "\n".join([kind, INTRINSICS, *self.tables.texts.values(), *functions])

    def _in_order(self) -> list[Population]:
        return [self.index[n] for block in self.graph.schedule or () for n in block.populations]

    def _code(self) -> Code:
        return Code(self.row.products, self.row.quotients)

    def _field(self, code: Code, name: str) -> str:
        """Where a member of the state lies."""
        which = f"i32 0, i32 {self.places[name]}"
        return code.value(0, f"getelementptr %net_state, ptr %s, {which}").text

    def _population(self, population: Population) -> str:
        """A step of a population: ports are summed first, or each event is delivered by itself."""
        step, count, code = step_of(population), population.neurons, self._code()
        if self.means.sums == "each":
            code.loop(count, lambda n: self._neuron(code, population, step.decay, {}, n))
            if not self.means.fires_once:
                spikes = self._field(code, self.layout.given[population.name])
                code.loop(count, partial(code.store, constant(0, 8), spikes))
            for projection in self._arriving(population):
                self._delivery(code, projection, self._delivered(code, population, projection))
            last, sums = step.settled, ""
        else:
            last, sums = step.update, self._sums(code, population)

        def finish(n: Value) -> None:
            found = {
                port: code.load(sums, code.binary("add", n, k * count), 32)
                for k, port in enumerate(step.ports if sums else ())
            }
            self._neuron(code, population, last, found, n, "last")

        code.loop(count, finish)
        code.do("ret void")
        own = self.layout.names[population.name]
        return code.function(f"define internal void @step_{own}(ptr %s) #0")

    def _sums(self, code: Code, population: Population) -> str:
        """Where the sums of the ports lie, when all that arrives is in them."""
        step, count, sums = step_of(population), population.neurons, self._field(code, SUM)
        code.loop(count * len(step.ports), lambda n: code.store(constant(0), sums, n))
        for projection in self._arriving(population):
            first = step.ports.index(projection.port) * count
            port = code.at(sums, first, 32)

            def add(post: Value, weight: Value, port: str = port) -> None:
                before = code.load(port, post, 32)
                code.store(code.binary("add", before, weight), port, post)

            self._delivery(code, projection, add)
        return sums

    def _arriving(self, population: Population) -> list[Projection]:
        """The projections into it, those from its own block last."""
        block = {n: k for k, b in enumerate(self.graph.schedule or ()) for n in b.populations}
        own = [p for p in self.graph.projections if p.post == population.name]
        return sorted(own, key=lambda p: block[p.pre] == block[p.post])

    def _delivered(self, code: Code, population: Population, projection: Projection) -> Body:
        assigns = step_of(population).delivered(projection.port)
        tested = "event" if self.means.threshold == "event" else ""
        return lambda post, weight: self._neuron(
            code, population, assigns, {projection.port: weight}, post, tested
        )

    def _delivery(self, code: Code, projection: Projection, body: Body) -> None:
        """What the pre neurons that sent something bring to each of their post neurons."""
        pre = self.index[projection.pre]
        sent = self._field(code, self.layout.sent[pre.name])
        if projection.delay:
            sent = self._late(code, projection, pre.neurons)

        own = self.projections[projection.name.replace("->", " to ")]
        codes = self.model.values[weights_name(projection.name)].array
        wiring, is_short = self.model.wirings[projection.name], self.means.sums == "exact"
        synapses = Synapses(code, self.tables, wiring, own, codes, is_short)

        def row(sender: Sender) -> None:
            number = code.load(sent, sender.n, self._bits(pre.name))
            has_sent = code.compare("ne", number, 0)
            code.when(has_sent, lambda: self._arrival(synapses, projection, sender, number, body))

        over(synapses, row)

    def _arrival(
        self, synapses: Synapses, projection: Projection, sender: Sender, number: Value, body: Body
    ) -> None:
        """What a pre neuron brings that has sent a number, or fired once or several times."""
        code = synapses.code
        pre = self.index[projection.pre]
        is_number = pre.name in self.layout.numbers
        is_often = self.means.spikes_per_step > 1 and not is_number and pre.step is not None
        times = code.cast(number, 32, is_signed=is_number)
        if is_often and self.means.sums == "each":  # each of its spikes is an event
            code.loop(times, lambda _: deliver(synapses, sender, body))
            return

        def multiplied(post: Value, weight: Value) -> None:
            body(post, code.binary("mul", weight, times))

        deliver(synapses, sender, multiplied if is_number or is_often else body)

    def _late(self, code: Code, projection: Projection, size: int) -> str:
        """Where what was sent `delay` steps ago lies."""
        late = self.layout.late[projection.pre]
        now = code.load(self._field(code, self.layout.now[projection.pre]), 0, 32)
        place = code.binary("add", now, late - projection.delay)
        over = code.binary("sub", place, late)
        place = code.select(code.compare("ult", place, late), place, over)
        past = self._field(code, self.layout.past[projection.pre])
        return code.at(past, code.binary("mul", place, size), self._bits(projection.pre))

    def _bits(self, population: str) -> int:
        """Of what it sends."""
        return 32 if population in self.layout.numbers else 8

    def _neuron(
        self,
        code: Code,
        population: Population,
        assigns: tuple[Assign, ...],
        arriving: Mapping[str, Value],
        place: Value,
        tested: str = "",
    ) -> None:
        """Assignments for the neuron at `place`; after an "event", or the "last" of a step, it is
        tested whether it fires."""
        cell = Cell(code, population, place, arriving)
        if not tested or not self.means.fires_once:
            self._done(cell, assigns)
        if tested == "event":
            self._fire(cell)
        elif tested and self.means.fires_once:
            values = self._done(cell, (*assigns, *step_of(population).after), len(assigns))
            fired = code.cast(values["spiked"], 8, is_signed=False)
            code.store(fired, self._field(code, self.layout.given[population.name]), place)
        elif tested:
            self._fire_often(cell)

    def _done(
        self,
        cell: Cell,
        assigns: tuple[Assign, ...],
        tested_at: int | None = None,
        spiked: Value | None = None,
    ) -> dict[str, Value]:
        """Assignments from memory to memory, and the values that they leave. Before the one of the
        number `tested_at` it is tested whether the neuron fires."""
        code, step = cell.code, step_of(cell.population)
        known, targets = step_names(step), {a.target for a in assigns}
        exprs = [a.value for a in assigns] + ([] if tested_at is None else [step.spike])
        read = frozenset[str]().union(*map(names, exprs)) if exprs else frozenset[str]()
        values = {known[port]: value for port, value in cell.arriving.items()}
        values |= {} if spiked is None else {"spiked": spiked}
        values |= self._read(code, cell.population, read | targets, cell.place)
        for number, each in enumerate(assigns):
            if number == tested_at:
                values["spiked"] = computed(code, step.spike, known, values)
            found = computed(code, each.value, known, values)
            values[known[each.target]] = code.cast(found, 32)
        if tested_at == len(assigns):
            values["spiked"] = computed(code, step.spike, known, values)
        for state in (s.name for s in step.states if s.name in targets):
            field = self._field(code, self.layout.states[cell.population.name, state])
            code.store(values[known[state]], field, cell.place)
        return values

    def _fire(self, cell: Cell) -> None:
        """Tests the threshold, and counts the spike, if there were fewer than there may be."""
        code, step, spikes = cell.code, step_of(cell.population), self._spikes(cell)
        before = code.cast(code.load(spikes, cell.place, 8), 32, is_signed=False)
        may = code.compare("ult", before, self.means.spikes_per_step)
        holds = self._done(cell, (), 0)["spiked"]
        spiked = code.binary("and", may, holds)
        self._done(cell, step.again, spiked=spiked)
        count = code.binary("add", before, code.cast(spiked, 32, is_signed=False))
        code.store(code.cast(count, 8), spikes, cell.place)

    def _fire_often(self, cell: Cell) -> None:
        """Ends a step: the threshold is tested as long as it holds."""
        code, spikes = cell.code, self._spikes(cell)
        if self.means.sums != "each":
            code.store(constant(0, 8), spikes, cell.place)
        code.loop(self.means.spikes_per_step, lambda _: self._fire(cell))
        has_fired = code.compare("ne", code.load(spikes, cell.place, 8), 0)
        self._done(cell, step_of(cell.population).closing, spiked=has_fired)

    def _spikes(self, cell: Cell) -> str:
        return self._field(cell.code, self.layout.given[cell.population.name])

    def _read(
        self, code: Code, population: Population, read: Iterable[str], place: Value
    ) -> dict[str, Value]:
        """The states and the constants that are read, by their identifiers."""
        step, wanted = step_of(population), set(read)
        known, found = step_names(step), dict[str, Value]()
        for state in (s for s in step.states if s.name in wanted):
            if state.name in step.still:
                found[known[state.name]] = self._constant(code, population, state, place)
            else:
                field = self._field(code, self.layout.states[population.name, state.name])
                found[known[state.name]] = code.load(field, place, 32)
        numbers = zip(step.constants, population.constants, strict=True)
        return found | {known[c]: constant(int(number)) for c, number in numbers if c in wanted}

    def _constant(self, code: Code, population: Population, state: State, place: Value) -> Value:
        """A number that stands still: one for all neurons, or of a table."""
        start: Array = np.asarray(start_of(self.model, population, state, {}, np.float64))
        if start.ndim == 0:
            return constant(int(start))
        kept = identifiers(s.name for s in step_of(population).states)[state.name]
        codes = np.broadcast_to(start, (population.neurons,)).astype(np.int32)
        name = f"start_{self.layout.names[population.name]}__{kept}"
        each = shared_by(codes)
        place = quotient(code, place, each, population.neurons - 1)
        return self.tables.numbers(name, codes[::each])(code, place)

    def _reset(self) -> str:
        code = self._code()
        for population in self.graph.populations:
            for state in () if population.step is None else moving(population.step):
                field = self._field(code, self.layout.states[population.name, state.name])

                def start(
                    n: Value, f: str = field, p: Population = population, s: State = state
                ) -> None:
                    code.store(self._constant(code, p, s, n), f, n)

                code.loop(population.neurons, start)
        cleared = {*self.layout.given.values(), *self.layout.past.values()}
        for member in (f for f in self.layout.fields if f.name in cleared):
            nothing = constant(0, member.element * 8)
            field = self._field(code, member.name)
            code.loop(member.size or 1, partial(code.store, nothing, field))
        for now in self.layout.now.values():
            code.store(constant(0), self._field(code, now), 0)
        code.do("ret void")
        return code.function("define void @net_reset(ptr %s) #0")

    def _step(self, populations: Iterable[Population]) -> str:
        code = self._code()
        self._take_inputs(code)
        for population in populations:
            code.do(f"call void @step_{self.layout.names[population.name]}(ptr %s)")
        for name, past in self.layout.past.items():
            self._keep(code, name, past)
        self._give_outputs(code)
        code.do("ret void")
        return code.function(f"define void {step_head(self.graph)} #0")

    def _take_inputs(self, code: Code) -> None:
        starts = {8: 0, 16: 0}  # of spikes and of numbers
        for population in (p for p in self.graph.populations if p.role == "input"):
            field = self._field(code, self.layout.given[population.name])
            bits, source = (16, "%numbers_in") if sends_numbers(population) else (8, "%spikes_in")
            given = code.at(source, starts[bits], bits)
            starts[bits] += population.neurons

            def take(n: Value, field: str = field, given: str = given, bits: int = bits) -> None:
                value = code.load(given, n, bits)
                fires = code.compare("ne", value, 0)
                spike = code.cast(fires, 8, is_signed=False)
                code.store(code.cast(value, 32) if bits == 16 else spike, field, n)

            code.loop(population.neurons, take)

    def _give_outputs(self, code: Code) -> None:
        output = next((p for p in self.graph.populations if p.role == "output"), None)
        if output is None:
            return
        fired = self._field(code, self.layout.given[output.name])
        _copy(code, output.neurons, fired, "%spikes_out", 8)
        if scored(self.graph) is not None:
            score = self._field(code, self.layout.states[output.name, LAST_EMITTED])
            _copy(code, output.neurons, score, "%scores_out", 32)

    def _keep(self, code: Code, name: str, past: str) -> None:
        """Puts what was sent in this step into the ring, in place of the oldest."""
        size, place = self.index[name].neurons, self._field(code, self.layout.now[name])
        now, bits = code.load(place, 0, 32), self._bits(name)
        ring = code.at(self._field(code, past), code.binary("mul", now, size), bits)
        _copy(code, size, self._field(code, self.layout.sent[name]), ring, bits)
        following = code.binary("add", now, 1)
        is_last = code.compare("eq", following, self.layout.late[name])
        code.store(code.select(is_last, constant(0), following), place, 0)


def step_head(graph: Graph) -> str:
    """`@net_step` with its arguments, as of `c.header.signature`."""
    numbers = any(sends_numbers(p) for p in graph.populations)
    ends = ["%s", "%spikes_in", *["%numbers_in"] * numbers, "%spikes_out"]
    ends += [] if scored(graph) is None else ["%scores_out"]
    return f"@net_step({', '.join(f'ptr {end}' for end in ends)})"


def _copy(code: Code, count: int, source: str, target: str, bits: int) -> None:
    code.loop(count, lambda n: code.store(code.load(source, n, bits), target, n))


def state_type(layout: Layout) -> str:
    """The struct, laid out as a compiler of C does it."""
    kinds = {"int32_t": "i32", "uint32_t": "i32", "uint8_t": "i8"}
    members = (f"[{f.size or 1} x {kinds[f.type]}]" for f in layout.fields)
    return f"%net_state = type {{ {', '.join(members)} }}\n"
