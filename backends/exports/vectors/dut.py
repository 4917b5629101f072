"""dut.sv: a network of integers in SystemVerilog, behaviour clock by clock, to be replaced by the
circuit that is to be tested.

At a rising edge it does one step: spikes and numbers in, and what every neuron fires and holds out.

    clk, rst ──────────────┐
    spikes_in, numbers_in ─┴─> sums at ports ─> step of each neuron ─> spikes, states
                                 ^ what is sent in this step, or was in earlier ones, from `past`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ....ir.expr import names
from ....ir.graph import Population, Projection
from ....ir.integers.population import sends
from ....ir.model import Model, start_of, weights_name
from ....ir.neuron import LAST_EMITTED, SPIKED, Assign, State
from ....ir.wiring import AllPairs, Listed, Windows
from ...compiled.text.languages import VERILOG
from ...compiled.text.render import cast, render
from ...compiled.text.step import identifiers
from ..c.tables import runs
from .cut import arriving
from .layout import Layout, computed, layout_of, moving, step_of
from .tables import hex_words, readable
from .windows import over_windows

Lines = Iterable[str]


@dataclass(frozen=True, slots=True)
class Circuit:
    """The text, and the memories that it reads, hex by name of file."""

    text: str
    memories: Mapping[str, str] = field(default_factory=dict)


def circuit(model: Model) -> Circuit:
    """A model as a module `dut`."""
    writer = _Writer(model)
    return Circuit(writer.text(), writer.memories)


class _Writer:
    def __init__(self, model: Model) -> None:
        self.model, self.graph = model, model.graph
        self.layout: Layout = layout_of(model.graph)
        self.names = {p.name: f"p{k}" for k, p in enumerate(self.graph.populations)}
        self.late = {
            name: max((p.delay for p in self.graph.projections if p.pre == name), default=0)
            for name in self.names
        }
        self.memories: dict[str, str] = {}
        self.declared: list[str] = []

    def text(self) -> str:
        """The whole module."""
        made = computed(self.graph)
        for population in self.graph.populations:
            self._declare(population)
        tasks = [
            line for p in made for line in self._task(f"step_{self.names[p.name]}", self._p(p))
        ]
        tasks += self._task("start", self._start())
        tasks += self._task("show", self._show())
        inputs, spikes, states = (max(1, n) for n in self.layout.sizes)
        words = 32 * self.layout.words_in
        numbers = f"    input  logic [{words - 1}:0] numbers_in, // and the numbers, 32 bits each"
        head = [
            "// A reference model: it says what, not how. Put your own module `dut` in its place.",
            "module dut (",
            "    input  logic clk,",
            "    input  logic rst, // at a rising edge: the state before the first step",
            f"    input  logic [{inputs - 1}:0] spikes_in, // what the inputs send in this step",
            *([numbers] if words else []),
            f"    output logic [{spikes - 1}:0] spikes, // what fires in it",
            f"    output logic [{32 * states - 1}:0] states // after it, 32 bits each",
            ");",
            f"logic [{spikes - 1}:0] all_spikes = 0;",
            f"logic [{32 * states - 1}:0] all_states = 0;",
            *VERILOG.helpers.splitlines(),
            *self._scratch(made),
            *self.declared,
            "",
        ]
        return "\n".join([*head, *tasks, *self._clocked(made), "endmodule", ""])

    def _scratch(self, made: list[Population]) -> Lines:
        """The names of a neuron's step, in which its codes are held."""
        used = {n for p in made for n in identifiers(step_of(p)).values()}
        held = sorted(used - {"spiked"})
        return [f"int32_t {', '.join(held)};", "bit spiked;"] if held else ["bit spiked;"]

    def _declare(self, population: Population) -> None:
        own, size = self.names[population.name], population.neurons
        say = self.declared.append
        say(f"\n// {readable(population.name)}")
        late, is_number = self.late[population.name], sends(population)
        say(f"logic [{size - 1}:0] {own}_fired;")
        if is_number and population.step is None:
            say(f"int32_t {own}_sent [0:{size - 1}];")
        if late:
            past = f"int32_t {own}_past [0:{late * size - 1}];"
            say(past if is_number else f"logic [{size - 1}:0] {own}_past [0:{late - 1}];")
        if population.step is None:
            return
        known = identifiers(population.step)
        for state in moving(population):
            about = f"{readable(state.name)}, {state.dtype}"
            say(f"int32_t {own}_{known[state.name]} [0:{size - 1}]; // {about}")
        if self.graph.semantics.sums != "each":
            for port in population.step.ports:
                say(f"int32_t {own}_{known[port]} [0:{size - 1}]; // sum at {readable(port)}")

    def _memory(self, name: str, codes: npt.NDArray[np.integer], bits: int) -> str:
        """A memory of codes, loaded from a file of its name."""
        if f"{name}.hex" not in self.memories:
            flat = codes.ravel()
            self.memories[f"{name}.hex"] = hex_words(flat, bits)
            self.declared.append(f"logic signed [{bits - 1}:0] {name} [0:{len(flat) - 1}];")
            self.declared.append(f'initial $readmemh("{name}.hex", {name});')
        return name

    def _task(self, name: str, lines: Lines) -> list[str]:
        return [f"task {name};", "begin", *(f"    {line}" for line in lines), "end", "endtask", ""]

    def _p(self, population: Population) -> Iterator[str]:
        """The step of a population."""
        step, own, size = step_of(population), self.names[population.name], population.neurons
        known = identifiers(step)
        if self.graph.semantics.sums == "each":
            yield from self._each(size, self._neuron(population, step.decay))
            for projection in arriving(self.graph, population.name):
                port = known[projection.port]
                body = [*self._neuron(population, step.delivered(projection.port), "i")]
                yield from self._delivery(projection, [f"{port} = WEIGHT;", *body])
            yield from self._each(size, self._neuron(population, step.settled, is_last=True))
            return
        zero = [f"{own}_{known[port]}[n] = 0;" for port in step.ports]
        yield from self._each(size, zero)
        for projection in arriving(self.graph, population.name):
            place = f"{own}_{known[projection.port]}[i]"
            yield from self._delivery(projection, [f"{place} = {place} + WEIGHT;"])
        ports = [f"{known[port]} = {own}_{known[port]}[n];" for port in step.ports]
        update = self._neuron(population, step.update, is_last=True)
        yield from self._each(size, [*ports, *update])

    def _each(self, size: int, lines: Lines) -> Iterator[str]:
        inside = [f"    {line}" for line in lines]
        if inside:
            yield from (f"for (int n = 0; n < {size}; n++) begin", *inside, "end")

    def _delivery(self, projection: Projection, lines: Lines) -> Iterator[str]:
        """`lines` for each synapse of the neurons that fired, `i` its end, WEIGHT its weight."""
        wiring = self.model.wirings[projection.name]
        value = self.model.values[weights_name(projection.name)]
        if not wiring.synapses:
            return
        about = f"{projection.name}, {projection.delay} steps late"
        yield f"// {readable(about)}"
        what, is_number = self._sent(projection), sends(self.graph.population(projection.pre))
        number = self.graph.projections.index(projection)
        weights = self._memory(f"weights_{number}", value.array, 8 * value.array.itemsize)

        def made(found: str) -> list[str]:
            weight = f"({weights}[{found}] * {what})" if is_number else f"{weights}[{found}]"
            return [line.replace("WEIGHT", weight) for line in lines]

        if isinstance(wiring, Windows):
            self._name("i", "j")
            yield from over_windows(wiring, what, made)
            return
        yield f"for (int j = 0; j < {wiring.pre_neurons}; j++) if ({what}) begin"
        yield from (f"    {line}" for line in self._row(number, wiring, made))
        yield "end"

    def _row(
        self, number: int, wiring: AllPairs | Listed, made: Callable[[str], list[str]]
    ) -> Iterator[str]:
        """What is `made` of the place of each weight of pre neuron `j`."""
        posts = wiring.post_neurons
        if isinstance(wiring, AllPairs):
            yield f"for (int i = 0; i < {posts}; i++) begin"
            yield from (f"    {line}" for line in made(f"j * {posts} + i"))
        else:
            starts = np.searchsorted(wiring.pre, np.arange(wiring.pre_neurons + 1))
            first = self._memory(f"start_{number}", starts, 32)
            last = self._memory(f"post_{number}", wiring.post, 32)
            yield f"for (int k = {first}[j]; k < {first}[j + 1]; k++) begin"
            yield from (f"    {line}" for line in (f"i = {last}[k];", *made("k")))
            self._name("i")
        yield "end"

    def _name(self, *places: str) -> None:
        """Variables for places, which loops set."""
        self.declared += [f"int {p};" for p in places if f"int {p};" not in self.declared]

    def _sent(self, projection: Projection) -> str:
        """What neuron j sends that arrives now: whether it fired, or a number."""
        pre = self.graph.population(projection.pre)
        own, delay = self.names[pre.name], projection.delay
        if not sends(pre):
            return f"{own}_past[{delay - 1}][j]" if delay else f"{own}_fired[j]"
        if delay:
            return f"{own}_past[{(delay - 1) * pre.neurons} + j]"
        return f"{self._numbers(pre)}[j]"

    def _numbers(self, population: Population) -> str:
        """The memory of the numbers that a population sends in this step."""
        own, step = self.names[population.name], population.step
        return f"{own}_sent" if step is None else f"{own}_{identifiers(step)[LAST_EMITTED]}"

    def _neuron(
        self,
        population: Population,
        assigns: tuple[Assign, ...],
        place: str = "n",
        is_last: bool = False,
    ) -> Iterator[str]:
        """Assignments to the states of neuron `place`; after the last ones it fires, or not."""
        step, own = step_of(population), self.names[population.name]
        if not assigns and not is_last:
            return
        known, types = identifiers(step), {s.name: s.dtype for s in step.states}
        after = step.after if is_last else ()
        exprs = [a.value for a in (*assigns, *after)] + ([step.spike] if is_last else [])
        targets = {a.target for a in (*assigns, *after)}
        read = targets.union(*map(names, exprs))

        def assigned(some: Iterable[Assign]) -> Iterator[str]:
            for each in some:
                text = cast(render(each.value, known, VERILOG), types[each.target], VERILOG)
                yield f"{known[each.target]} = {text};"

        yield from self._read(population, read, place)
        yield from assigned(assigns)
        if is_last:
            yield f"{known[SPIKED]} = {render(step.spike, known, VERILOG)};"
            yield from assigned(after)
        for state in moving(population):
            if state.name in targets:
                yield f"{own}_{known[state.name]}[{place}] = {known[state.name]};"
        if is_last:
            yield f"{own}_fired[{place}] = spiked;"

    def _read(self, population: Population, read: set[str], place: str) -> Iterator[str]:
        step, own = step_of(population), self.names[population.name]
        known = identifiers(step)
        for state in step.states:
            if state.name in read:
                kept = f"{own}_{known[state.name]}[{place}]"
                is_still = state.name in step.still
                found = self._start_of(population, state, place) if is_still else kept
                yield f"{known[state.name]} = {found};"
        for constant, number in zip(step.constants, population.constants, strict=True):
            if constant in read:
                yield f"{known[constant]} = {int(number)};"

    def _start_of(self, population: Population, state: State, place: str = "n") -> str:
        codes = np.asarray(start_of(self.model, population, state, {}, np.float64)).astype(np.int32)
        if codes.ndim == 0:
            return str(int(codes))
        name = f"{self.names[population.name]}_{identifiers(step_of(population))[state.name]}_start"
        each = runs(codes)
        place = place if each == 1 else f"{place} / {each}"
        return f"{self._memory(name, codes[::each], 32)}[{place}]"

    def _start(self) -> Iterator[str]:
        """The state before the first step."""
        for population in self.graph.populations:
            own = self.names[population.name]
            yield f"{own}_fired = 0;"
            words = self.late[population.name] * (population.neurons if sends(population) else 1)
            if words:
                yield f"for (int k = 0; k < {words}; k++) {own}_past[k] = 0;"
            if population.step is not None:
                known = identifiers(population.step)
                lines = [
                    f"{own}_{known[s.name]}[n] = {self._start_of(population, s)};"
                    for s in moving(population)
                ]
                yield from self._each(population.neurons, lines)

    def _show(self) -> Iterator[str]:
        for field_ in self.layout.spikes:
            size, own = field_.population.neurons, self.names[field_.population.name]
            yield f"all_spikes[{field_.first} +: {size}] = {own}_fired;"
        for field_ in self.layout.states:
            population, own = field_.population, self.names[field_.population.name]
            assert field_.state is not None
            word = identifiers(step_of(population))[field_.state.name]
            line = f"all_states[32 * ({field_.first} + n) +: 32] = {own}_{word}[n];"
            yield from self._each(population.neurons, [line])
        yield "spikes <= all_spikes;"
        yield "states <= all_states;"

    def _clocked(self, made: list[Population]) -> Iterator[str]:
        yield "always @(posedge clk) begin"
        yield "    if (rst) start;"
        yield "    else begin"
        for field_ in self.layout.inputs:
            size, own = field_.population.neurons, self.names[field_.population.name]
            yield f"        {own}_fired = spikes_in[{field_.first} +: {size}];"
        for field_ in self.layout.numbers:
            size, own = field_.population.neurons, self.names[field_.population.name]
            word = f"numbers_in[32 * ({field_.first} + n) +: 32]"
            yield f"        for (int n = 0; n < {size}; n++) {own}_sent[n] = {word};"
        yield from (f"        step_{self.names[p.name]};" for p in made)
        for population in self.graph.populations:
            yield from (f"        {line}" for line in self._remembered(population))
        yield from ("    end", "    show;", "end")

    def _remembered(self, population: Population) -> Iterator[str]:
        """What is sent moves one place on."""
        own, late = self.names[population.name], self.late[population.name]
        if not late:
            return
        size = population.neurons if sends(population) else 1
        last = late * size - 1
        yield f"for (int k = {last}; k >= {size}; k--) {own}_past[k] = {own}_past[k - {size}];"
        if sends(population):
            numbers = self._numbers(population)
            yield f"for (int n = 0; n < {size}; n++) {own}_past[n] = {numbers}[n];"
        else:
            yield f"{own}_past[0] = {own}_fired;"
