"""net.h and net.c: one step of a network, its state in one struct that the caller owns.

Populations are stepped in the order of the schedule. A port's sum starts at 0; each projection
adds the rows of the neurons that fired, so that silence costs next to nothing. What is delayed
waits in a ring for each population that sends late, a place a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from textwrap import indent

import numpy as np

from ....ir.diagnostics import CompileError
from ....ir.expr import names
from ....ir.graph import SUMS, Graph, Population, Projection
from ....ir.model import Model, start_of, weights_name
from ....ir.neuron import LAST_EMITTED, Assign, NeuronStep, State
from ....ir.rules import sends_numbers
from ....ir.wiring import Windows
from ...compiled.text.languages import C_FUNCTIONS, C
from ...compiled.text.render import cast, render
from ...compiled.text.step import identifiers as step_names
from ...runnable import require_clocked, require_single_inputs
from .firing import after_event, often, once
from .header import comment, header, scored, signature
from .layout import SUM, layout_of, moving, step_of
from .names import identifiers
from .refusals import no_integers
from .synapses import Packed, packed, rows_of
from .tables import reciprocal, shared_by, table
from .windows import over_planes, place, touched


@dataclass(frozen=True, slots=True)
class CProgram:
    """The texts; `flash` bytes of constants, `ram` bytes of state, and the names in the struct of
    every state [population, state]."""

    header: str
    source: str
    flash: int
    ram: int
    states: Mapping[tuple[str, str], str]


def c_program(model: Model, digest: str) -> CProgram:
    """The texts of a quantized model; CompileError(E071) for one that computes with floats."""
    require_integers(model.graph, "C")
    return _Writer(model, digest).written()


def require_integers(graph: Graph, form: str) -> None:
    """CompileError(E071) for a network that computes with floats, of which there is no such form,
    and E075 for inputs of several spikes a step."""
    require_clocked(graph, tuple(SUMS), fires_often=True)
    require_single_inputs(graph)
    if not graph.semantics.integers:
        raise CompileError(no_integers(graph, form))


# The lines for a synapse: where it ends, and its weight.
Body = Callable[[str, str], list[str]]


class _Writer:
    def __init__(self, model: Model, digest: str) -> None:
        self.model, self.graph, self.digest = model, model.graph, digest
        self.index, self.means = self.graph.index(), self.graph.semantics
        self.layout = layout_of(self.graph)
        self.names, self.states = self.layout.names, self.layout.states
        self.projections = identifiers(p.name.replace("->", " to ") for p in self.graph.projections)
        self.tables: dict[str, str] = {}
        self.flash = 0

    def written(self) -> CProgram:
        computed = [p for p in self._in_order() if p.step is not None]
        bodies = [self._population(p) for p in computed]
        source = self._source(bodies, computed)
        text = header(self.graph, self.digest, self.layout.fields)
        return CProgram(text, source, self.flash, self.layout.bytes, self.states)

    def _in_order(self) -> list[Population]:
        return [self.index[n] for block in self.graph.schedule or () for n in block.populations]

    def _table(self, name: str, values: np.ndarray, comment: str) -> str:
        if name not in self.tables:
            self.tables[name] = table(name, values, comment)
            self.flash += values.nbytes
        return name

    def _population(self, population: Population) -> str:
        """A step of a population: ports are summed first, or each event is delivered by itself."""
        step, count = step_of(population), population.neurons
        lines = ["int32_t n;"]
        if self.graph.semantics.sums == "each":
            none = f"s->{self.layout.given[population.name]}[n] = 0;"
            cleared = [] if self.means.fires_once else [none]
            lines += self._over(count, [*self._neuron(population, step.decay), *cleared])
            for projection in self._arriving(population):
                lines += self._delivery(projection, self._delivered(population, projection))
            last = self._neuron(population, step.settled, tested="last")
            lines += self._over(count, last)
        else:
            ports = {port: f"p{k}" for k, port in enumerate(step.ports)}
            lines += [
                f"int32_t *{p} = s->{SUM} + {k * count};" for k, p in enumerate(ports.values())
            ]
            lines += [_loop(count * len(ports), "s->sum[n] = 0;").strip()]
            for projection in self._arriving(population):
                lines += self._delivery(projection, _summed(ports[projection.port]))
            found = {port: f"{name}[n]" for port, name in ports.items()}
            lines += self._over(count, self._neuron(population, step.update, found, tested="last"))
        body = indent("\n".join(lines), "    ")
        return f"static void step_{self.names[population.name]}(net_state *s) {{\n{body}\n}}\n"

    def _over(self, count: int, lines: Iterable[str]) -> list[str]:
        """The lines for each neuron n; nothing where there are none."""
        inside = [f"    {line}" for line in lines]
        return [f"for (n = 0; n < {count}; n++) {{", *inside, "}"] if inside else []

    def _arriving(self, population: Population) -> list[Projection]:
        """The projections into it, those from its own block last."""
        block = {n: k for k, b in enumerate(self.graph.schedule or ()) for n in b.populations}
        own = [p for p in self.graph.projections if p.post == population.name]
        return sorted(own, key=lambda p: block[p.pre] == block[p.post])

    def _delivered(self, population: Population, projection: Projection) -> Body:
        """What an event does to neuron `i` to which it brings a weight."""
        assigns = step_of(population).delivered(projection.port)

        def body(place: str, weight: str) -> list[str]:
            found = {projection.port: weight}
            tested = "event" if self.means.threshold == "event" else ""
            return list(self._neuron(population, assigns, found, place, tested))

        return body

    def _delivery(self, projection: Projection, body: Body) -> list[str]:
        """What the pre neurons that fired bring to each of their post neurons."""
        pre = self.index[projection.pre]
        own = self.projections[projection.name.replace("->", " to ")]
        fired, lines = f"s->{self.layout.sent[pre.name]}", list[str]()
        if projection.delay:
            lines, fired = self._late(projection, own)
        is_number = pre.name in self.layout.numbers
        is_often = self.means.spikes_per_step > 1 and not is_number and pre.step is not None
        is_each = is_often and self.means.sums == "each"
        times = f"{fired}[n] * " if is_number or (is_often and not is_each) else ""
        lines_of = self._row(projection, own, lambda post, weight: body(post, times + weight))
        row = [f"    {line}" for line in lines_of]
        if is_each:  # each of its spikes is an event
            row = ["    int e;", f"    for (e = 0; e < {fired}[n]; e++) {{", *row, "    }"]
        row = [f"if ({fired}[n]) {{", *row, "}"]
        about = f"/* {comment(projection.name)}, {projection.delay} steps late */"
        wiring = self.model.wirings[projection.name]
        if isinstance(wiring, Windows):
            return [about, *lines, "{", *(f"    {s}" for s in over_planes(wiring, row)), "}"]
        return [about, *lines, *self._over(pre.neurons, row)]

    def _late(self, projection: Projection, own: str) -> tuple[list[str], str]:
        """The lines that find what fired `delay` steps ago, and its name."""
        late, past = self.layout.late[projection.pre], self.layout.past[projection.pre]
        place, first = f"s->{self.layout.now[projection.pre]}", f"{own}_from"
        size = self.index[projection.pre].neurons
        kind = "int32_t" if projection.pre in self.layout.numbers else "uint8_t"
        lines = [
            f"const uint32_t {first} = {place} + {late - projection.delay}u;",
            f"const {kind} *{own}_fired =",
            f"    s->{past} + ({first} < {late}u ? {first} : {first} - {late}u) * {size}u;",
        ]
        if projection.delay == late:  # the place of this step is still that of the oldest
            lines = [f"const {kind} *{own}_fired = s->{past} + {place} * {size}u;"]
        return lines, f"{own}_fired"

    def _row(self, projection: Projection, own: str, body: Body) -> Iterator[str]:
        wiring = self.model.wirings[projection.name]
        codes = self.model.values[weights_name(projection.name)].array
        if isinstance(wiring, Windows):
            name, kernel = self._weights(own, packed(codes)), packed(codes)
            yield from touched(wiring, body("m", _code(kernel, name, place(wiring))))
            return
        rows, posts = rows_of(wiring, codes), wiring.post_neurons
        name = self._weights(own, rows.weights)
        if rows.first is None or rows.post is None:
            yield f"uint32_t i, k = (uint32_t)n * {posts}u;"
            yield f"for (i = 0; i < {posts}; i++, k++) {{"
            yield from (f"    {line}" for line in body("i", _code(rows.weights, name, "k")))
            yield "}"
            return
        first = self._table(f"first_{own}", rows.first, f"first synapse of each row of {own}")
        ends = self._table(f"post_{own}", rows.post, f"where the synapses of {own} end")
        yield "uint32_t k;"
        yield f"for (k = {first}[n]; k < {first}[n + 1]; k++) {{"
        yield f"    const uint32_t i = {ends}[k];"
        yield from (f"    {line}" for line in body("i", _code(rows.weights, name, "k")))
        yield "}"

    def _weights(self, own: str, codes: Packed) -> str:
        about = f"weights of {own}, {codes.count} codes of {codes.bits} bits"
        return self._table(f"weights_{own}", codes.cells, about)

    def _neuron(
        self,
        population: Population,
        assigns: tuple[Assign, ...],
        arriving: Mapping[str, str] | None = None,
        place: str = "n",
        tested: str = "",
    ) -> Iterator[str]:
        """Assignments for the neuron at `place`; after an "event", or the "last" of a step, it is
        tested whether it fires."""
        step, found = step_of(population), arriving or {}
        spikes = self.layout.given[population.name]
        after = self._after(step, tested)
        exprs = [a.value for a in (*assigns, *after)] + ([step.spike] if tested else [])
        read = frozenset[str]().union(*map(names, exprs)) if exprs else frozenset[str]()
        targets = {a.target for a in (*assigns, *after)}
        yield from self._read(population, read | targets, found, place)
        yield from self._assigned(step, assigns)
        yield from self._fired(step, tested, f"s->{spikes}[{place}]")
        for state in step.states:
            if state.name in targets:
                field = self.states[population.name, state.name]
                yield f"s->{field}[{place}] = {step_names(step)[state.name]};"

    def _after(self, step: NeuronStep, tested: str) -> tuple[Assign, ...]:
        """All that a test of the threshold may bring about."""
        if tested == "last":
            return step.after if self.means.fires_once else (*step.again, *step.closing)
        return step.again if tested else ()

    def _fired(self, step: NeuronStep, tested: str, spikes: str) -> Iterator[str]:
        spike, most = render(step.spike, _inside(step), C), self.means.spikes_per_step
        again, closing = (list(self._assigned(step, a)) for a in (step.again, step.closing))
        if tested == "event":
            yield from after_event(spike, again, spikes, most)
        elif tested and self.means.fires_once:
            yield from once(spike, self._assigned(step, step.after), spikes)
        elif tested:
            already = spikes if self.means.sums == "each" else "0"
            yield from often(spike, again, closing, spikes, already, most)

    def _read(
        self, population: Population, read: Set[str], arriving: Mapping[str, str], place: str
    ) -> Iterator[str]:
        """What a step reads, by C's names: states, what arrives, constants."""
        step, known = step_of(population), step_names(step_of(population))
        for state in step.states:
            if state.name not in read:
                continue
            if state.name in step.still:
                standing = self._constant(population, state, place)
                yield f"const int32_t {known[state.name]} = {standing};"
            else:
                field = self.states[population.name, state.name]
                yield f"int32_t {known[state.name]} = s->{field}[{place}];"
        for port, value in arriving.items():
            if port in read:
                yield f"const int32_t {known[port]}_ = {value};"
        for constant, number in zip(step.constants, population.constants, strict=True):
            if constant in read:
                yield f"const int32_t {known[constant]} = {int(number)};"

    def _assigned(self, step: NeuronStep, assigns: Iterable[Assign]) -> Iterator[str]:
        types = {s.name: s.dtype for s in step.states}
        inside = _inside(step)
        for assign in assigns:
            text = cast(render(assign.value, inside, C), types[assign.target], C)
            yield f"{inside[assign.target]} = {text};"

    def _constant(self, population: Population, state: State, place: str = "n") -> str:
        """A number that stands still: one for all neurons, or a table."""
        start = np.asarray(start_of(self.model, population, state, {}, np.float64))
        if start.ndim == 0:
            return str(int(start))
        own = self.names[population.name]
        kept = identifiers(s.name for s in step_of(population).states)[state.name]
        codes = np.broadcast_to(start, (population.neurons,)).astype(np.int32)
        name = f"start_{own}__{kept}"  # no identifier has two of these signs behind each other
        each, about = shared_by(codes), f"{state.name} of {population.name}"
        if each == 1:
            return f"{self._table(name, codes, about)}[{place}]"
        kept = self._table(name, codes[::each], f"{about}, {each} neurons each")
        factor, shift = reciprocal(each, population.neurons - 1) or (1, 0)
        return f"{kept}[(uint32_t){place} * {factor}u >> {shift}]"

    def _source(self, bodies: list[str], computed: Iterable[Population]) -> str:
        main = "\n".join((self._reset(), self._step(computed)))
        text = "\n".join((*bodies, main))
        called = [made for name, made in C_FUNCTIONS.items() if f"{name}(" in text]
        words = ["enum { false, true };\n"] if "true" in text or "false" in text else []
        head = ['#include "net.h"\n', *words, *called]
        return "\n".join((*head, *self.tables.values(), *bodies, main))

    def _reset(self) -> str:
        lines = ["void net_reset(net_state *s) {", "    uint32_t n;"]
        for population in self.graph.populations:
            name = population.name
            member = self.layout.given[name]
            sizes = {member: population.neurons}
            if name in self.layout.past:
                sizes[self.layout.past[name]] = population.neurons * self.layout.late[name]
                lines.append(f"    s->{self.layout.now[name]} = 0;")
            for state in () if population.step is None else moving(step_of(population)):
                field = self.states[population.name, state.name]
                start = self._constant(population, state)
                lines.append(
                    f"    for (n = 0; n < {population.neurons}; n++) s->{field}[n] = {start};"
                )
            lines += [
                f"    for (n = 0; n < {size}; n++) s->{f}[n] = 0;" for f, size in sizes.items()
            ]
        return "\n".join([*lines, "}", ""])

    def _step(self, computed: Iterable[Population]) -> str:
        lines = [f"{signature(self.graph)} {{", "    uint32_t n;", *self._taken()]
        lines += [f"    step_{self.names[p.name]}(s);" for p in computed]
        for name, past in self.layout.past.items():
            size, now = self.index[name].neurons, f"s->{self.layout.now[name]}"
            sent = self.layout.sent[name]
            lines.append(_loop(size, f"s->{past}[{now} * {size}u + n] = s->{sent}[n];"))
            lines.append(f"    {now} = {now} + 1 == {self.layout.late[name]}u ? 0 : {now} + 1;")
        return "\n".join([*lines, *self._given(), "}", ""])

    def _taken(self) -> Iterator[str]:
        """What comes in, population by population."""
        starts = {"spikes": 0, "numbers": 0}
        yield "    (void)spikes_in;"
        for population in self.graph.populations:
            if population.role != "input":
                continue
            own, size = self.layout.given[population.name], population.neurons
            kind = "numbers" if sends_numbers(population) else "spikes"
            place = f"{kind}_in[{starts[kind]} + n]" if starts[kind] else f"{kind}_in[n]"
            starts[kind] += size
            taken = place if kind == "numbers" else f"(uint8_t)({place} != 0)"
            yield _loop(size, f"s->{own}[n] = {taken};")

    def _given(self) -> Iterator[str]:
        """What goes out."""
        yield "    (void)spikes_out;"
        output = next((p for p in self.graph.populations if p.role == "output"), None)
        if output is not None:
            own = self.layout.given[output.name]
            yield _loop(output.neurons, f"spikes_out[n] = s->{own}[n];")
        if scored(self.graph) is not None and output is not None:
            field = self.states[output.name, LAST_EMITTED]
            yield _loop(output.neurons, f"scores_out[n] = s->{field}[n];")


def _summed(port: str) -> Body:
    return lambda place, weight: [f"{port}[{place}] += {weight};"]


def _inside(step: NeuronStep) -> dict[str, str]:
    """C's names in a step; what arrives is read once."""
    known = step_names(step)
    return known | {port: f"{known[port]}_" for port in step.ports}


def _loop(size: int, statement: str) -> str:
    return f"    for (n = 0; n < {size}; n++) {statement}"


def _code(codes: Packed, name: str, place: str) -> str:
    """The code at a place of a table."""
    if codes.a_cell == 1:
        return f"{name}[{place}]"
    byte = f"{name}[{place} / {codes.a_cell}u]"
    part = f"({byte} >> {place} % {codes.a_cell}u * {codes.bits}u & {(1 << codes.bits) - 1})"
    return f"(({part} ^ {1 << codes.bits - 1}) - {1 << codes.bits - 1})"
