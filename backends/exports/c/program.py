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

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import names
from ....ir.graph import SUMS, Graph, Population, Projection
from ....ir.integers.population import sends
from ....ir.model import Model, start_of, weights_name
from ....ir.neuron import LAST_EMITTED, Assign, NeuronStep, State
from ....ir.rules import sends_numbers
from ....ir.wiring import AllPairs, Windows
from ...compiled.text.languages import C_FUNCTIONS, C
from ...compiled.text.render import cast, render
from ...compiled.text.step import identifiers as step_names
from ...runnable import require_clocked
from .header import Field, comment, header, scored, signature
from .names import identifiers
from .tables import least, table


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
    graph = model.graph
    require_clocked(graph, tuple(SUMS))
    if not graph.semantics.integers:
        raise CompileError(_no_integers(graph))
    return _Writer(model, digest).written()


def _no_integers(graph: Graph) -> Diagnostic:
    return Diagnostic(
        "E071",
        f"`{graph.name}` computes with floats, and C is written of integers",
        help="quantize it first: snncc quantize MODEL --out q8.snnpkg",
    )


def _same_name(graph: Graph, name: str) -> Diagnostic:
    message = f"two parts of `{graph.name}` in C would be called `{name}`"
    return Diagnostic("E071", message, help="rename a state, a population or a projection")


# The lines for a synapse: where it ends, and its weight.
Body = Callable[[str, str], list[str]]


class _Writer:
    def __init__(self, model: Model, digest: str) -> None:
        self.model, self.graph, self.digest = model, model.graph, digest
        self.index = self.graph.index()
        self.names = identifiers(self.index)
        self.projections = identifiers(p.name.replace("->", " to ") for p in self.graph.projections)
        self.late = {
            name: max((p.delay for p in self.graph.projections if p.pre == name), default=0)
            for name in self.index
        }
        self.tables: dict[str, str] = {}
        self.flash = 0
        self.fields: list[Field] = []
        self.states: dict[tuple[str, str], str] = {}

    def written(self) -> CProgram:
        computed = [p for p in self._in_order() if p.step is not None]
        for population in self.graph.populations:
            self._declare(population)
        widest = max((p.neurons * len(_step(p).ports) for p in computed), default=1)
        self.fields.append(Field("int32_t", "sum", widest, "what arrives, port by port"))
        self.fields.append(Field("uint32_t", "step", None, "steps since net_reset"))
        bodies = [self._population(p) for p in computed]
        source = self._source(bodies, computed)
        names = [field.name for field in self.fields]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise CompileError(_same_name(self.graph, twice))
        ram = sum(field.bytes for field in self.fields)
        return CProgram(
            header(self.graph, self.digest, self.fields), source, self.flash, ram, self.states
        )

    def _in_order(self) -> list[Population]:
        return [self.index[n] for block in self.graph.schedule or () for n in block.populations]

    def _declare(self, population: Population) -> None:
        name, own = population.name, self.names[population.name]
        for state in () if population.step is None else _moving(_step(population)):
            field = f"{own}_{identifiers(s.name for s in _step(population).states)[state.name]}"
            self.states[name, state.name] = field
            about = f"{state.name} of {name}, {state.dtype}"
            self.fields.append(Field("int32_t", field, population.neurons, about))
        if sends_numbers(population):
            about = f"what {name} sends"
            self.fields.append(Field("int32_t", f"{own}_sent", population.neurons, about))
        else:
            about = f"what {name} fires, 0 or 1"
            self.fields.append(Field("uint8_t", f"{own}_spikes", population.neurons, about))
        if self.late[name]:
            size = self.late[name] * population.neurons
            about = f"and sent in the {self.late[name]} steps before"
            self.fields.append(Field(self._kind(population), f"{own}_past", size, about))

    def _sent(self, population: Population) -> str:
        """What a population sends in a step, by its name in the state."""
        if sends_numbers(population):
            return f"{self.names[population.name]}_sent"
        if sends(population):
            return self.states[population.name, LAST_EMITTED]
        return f"{self.names[population.name]}_spikes"

    def _kind(self, population: Population) -> str:
        return "int32_t" if sends(population) else "uint8_t"

    def _table(self, name: str, values: np.ndarray, comment: str) -> str:
        text = table(name, values, comment)
        self.flash += 0 if name in self.tables else values.nbytes
        if self.tables.setdefault(name, text) != text:
            raise CompileError(_same_name(self.graph, name))
        return name

    def _population(self, population: Population) -> str:
        """A step of a population: ports are summed first, or each event is delivered by itself."""
        step, count = _step(population), population.neurons
        lines = ["int32_t n;"]
        if self.graph.semantics.sums == "each":
            lines += self._over(count, self._neuron(population, step.decay))
            for projection in self._arriving(population):
                lines += self._delivery(projection, self._delivered(population, projection))
            last = self._neuron(population, step.settled, is_last=True)
            lines += self._over(count, last)
        else:
            ports = {port: f"p{k}" for k, port in enumerate(step.ports)}
            lines += [f"int32_t *{p} = s->sum + {k * count};" for k, p in enumerate(ports.values())]
            lines += [_loop(count * len(ports), "s->sum[n] = 0;").strip()]
            for projection in self._arriving(population):
                lines += self._delivery(projection, _summed(ports[projection.port]))
            found = {port: f"{name}[n]" for port, name in ports.items()}
            lines += self._over(count, self._neuron(population, step.update, found, is_last=True))
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
        assigns = _step(population).delivered(projection.port)

        def body(place: str, weight: str) -> list[str]:
            found = {projection.port: weight}
            return list(self._neuron(population, assigns, found, place=place))

        return body

    def _delivery(self, projection: Projection, body: Body) -> list[str]:
        """What the pre neurons that fired bring to each of their post neurons."""
        pre = self.index[projection.pre]
        own = self.projections[projection.name.replace("->", " to ")]
        fired, lines = f"s->{self._sent(pre)}", list[str]()
        if projection.delay:
            late = self.late[pre.name]
            place = f"(s->step + {late - projection.delay}u) % {late}u * {pre.neurons}u"
            kind = self._kind(pre)
            lines.append(f"const {kind} *{own}_fired = s->{self.names[pre.name]}_past + {place};")
            fired = f"{own}_fired"
        times = f"{fired}[n] * " if sends(pre) else ""
        lines_of = self._row(projection, own, lambda post, weight: body(post, times + weight))
        row = [f"    {line}" for line in lines_of]
        row = [f"if ({fired}[n]) {{", *row, "}"]
        about = f"/* {comment(projection.name)}, {projection.delay} steps late */"
        return [about, *lines, *self._over(pre.neurons, row)]

    def _row(self, projection: Projection, own: str, body: Body) -> Iterator[str]:
        wiring = self.model.wirings[projection.name]
        weights = self.model.values[weights_name(projection.name)].array
        posts = wiring.post_neurons
        if isinstance(wiring, AllPairs):
            about = f"[{wiring.pre_neurons}][{posts}]"
            name = self._table(f"weights_{own}", weights, f"weights of {own}, {about}")
            yield f"const {weights.dtype.name}_t *row = {name} + n * {posts};"
            yield "int32_t i;"
            yield f"for (i = 0; i < {posts}; i++) {{"
            yield from (f"    {line}" for line in body("i", "row[i]"))
            yield "}"
            return
        pre, post = wiring.pairs()
        places = wiring.places()
        first = np.searchsorted(pre, np.arange(wiring.pre_neurons + 1))
        rows = self._table(f"first_{own}", least(first), f"first synapse of each row of {own}")
        ends = self._table(f"post_{own}", least(post), f"where the synapses of {own} end")
        name = self._table(f"weights_{own}", weights, f"weights of {own}")
        which = "k"
        if isinstance(wiring, Windows):
            which = f"{self._table(f'place_{own}', least(places), f'their weights of {own}')}[k]"
        yield "uint32_t k;"
        yield f"for (k = {rows}[n]; k < {rows}[n + 1]; k++) {{"
        yield f"    const uint32_t i = {ends}[k];"
        yield from (f"    {line}" for line in body("i", f"{name}[{which}]"))
        yield "}"

    def _neuron(
        self,
        population: Population,
        assigns: tuple[Assign, ...],
        arriving: Mapping[str, str] | None = None,
        place: str = "n",
        is_last: bool = False,
    ) -> Iterator[str]:
        """Assignments for the neuron at `place`; the last of a step decide whether it fires."""
        step, own, found = _step(population), self.names[population.name], arriving or {}
        after = step.after if is_last else ()
        exprs = [a.value for a in (*assigns, *after)] + ([step.spike] if is_last else [])
        read = frozenset[str]().union(*map(names, exprs)) if exprs else frozenset[str]()
        targets = {a.target for a in (*assigns, *after)}
        yield from self._read(population, read | targets, found, place)
        yield from self._assigned(step, assigns)
        if is_last:
            yield f"const int spiked = {render(step.spike, _inside(step), C)};"
            yield from self._assigned(step, after)
        for state in step.states:
            if state.name in targets:
                field = self.states[population.name, state.name]
                yield f"s->{field}[{place}] = {step_names(step)[state.name]};"
        if is_last:
            yield f"s->{own}_spikes[{place}] = (uint8_t)spiked;"

    def _read(
        self, population: Population, read: Set[str], arriving: Mapping[str, str], place: str
    ) -> Iterator[str]:
        """What a step reads, by C's names: states, what arrives, constants."""
        step, known = _step(population), step_names(_step(population))
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
        kept = identifiers(s.name for s in _step(population).states)[state.name]
        codes = np.broadcast_to(start, (population.neurons,)).astype(np.int32)
        return (
            f"{self._table(f'{own}_{kept}', codes, f'{state.name} of {population.name}')}[{place}]"
        )

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
            own = self.names[population.name]
            own_field = "sent" if sends_numbers(population) else "spikes"
            sizes = {f"{own}_{own_field}": population.neurons}
            if self.late[population.name]:
                sizes[f"{own}_past"] = population.neurons * self.late[population.name]
            for state in () if population.step is None else _moving(_step(population)):
                field = self.states[population.name, state.name]
                start = self._constant(population, state)
                lines.append(
                    f"    for (n = 0; n < {population.neurons}; n++) s->{field}[n] = {start};"
                )
            lines += [
                f"    for (n = 0; n < {size}; n++) s->{f}[n] = 0;" for f, size in sizes.items()
            ]
        return "\n".join([*lines, "    s->step = 0;", "}", ""])

    def _step(self, computed: Iterable[Population]) -> str:
        lines = [f"{signature(self.graph)} {{", "    uint32_t n;", *self._taken()]
        lines += [f"    step_{self.names[p.name]}(s);" for p in computed]
        for name, late in self.late.items():
            if late:
                own, size = self.names[name], self.index[name].neurons
                place = f"s->{own}_past[s->step % {late}u * {size}u + n]"
                lines.append(_loop(size, f"{place} = s->{self._sent(self.index[name])}[n];"))
        return "\n".join([*lines, *self._given(), "    s->step++;", "}", ""])

    def _taken(self) -> Iterator[str]:
        """What comes in, population by population."""
        starts = {"spikes": 0, "numbers": 0}
        yield "    (void)spikes_in;"
        for population in self.graph.populations:
            if population.role != "input":
                continue
            own, size = self.names[population.name], population.neurons
            kind = "numbers" if sends_numbers(population) else "spikes"
            place = f"{kind}_in[{starts[kind]} + n]" if starts[kind] else f"{kind}_in[n]"
            starts[kind] += size
            if kind == "numbers":
                yield _loop(size, f"s->{own}_sent[n] = {place};")
            else:
                yield _loop(size, f"s->{own}_spikes[n] = (uint8_t)({place} != 0);")

    def _given(self) -> Iterator[str]:
        """What goes out."""
        yield "    (void)spikes_out;"
        output = next((p for p in self.graph.populations if p.role == "output"), None)
        if output is not None:
            own = self.names[output.name]
            yield _loop(output.neurons, f"spikes_out[n] = s->{own}_spikes[n];")
        if scored(self.graph) is not None and output is not None:
            field = self.states[output.name, LAST_EMITTED]
            yield _loop(output.neurons, f"scores_out[n] = s->{field}[n];")


def _summed(port: str) -> Body:
    return lambda place, weight: [f"{port}[{place}] += {weight};"]


def _inside(step: NeuronStep) -> dict[str, str]:
    """C's names in a step; what arrives is read once."""
    known = step_names(step)
    return known | {port: f"{known[port]}_" for port in step.ports}


def _step(population: Population) -> NeuronStep:
    assert population.step is not None
    return population.step


def _moving(step: NeuronStep) -> list[State]:
    return [s for s in step.states if s.name not in step.still]


def _loop(size: int, statement: str) -> str:
    return f"    for (n = 0; n < {size}; n++) {statement}"
