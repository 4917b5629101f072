"""A network's neurons once more, and their adjoints, as text: what each device spells alike."""

from __future__ import annotations

from collections.abc import Mapping

from ....ir.adjoint.step import StepAdjoint
from ....ir.expr import Expr, Ref, walk
from ....ir.graph import Graph, TrainSpec
from ....ir.neuron import SPIKED, NeuronStep
from ....ir.types import DType, Scalar
from ...compiled.plan import distinct_steps
from ...compiled.text.render import Language, cast, render
from ...compiled.text.step import state_places
from .tables import adjoints


class Scan:
    """A step and its adjoint, and the names that they have in the text.

    `states`: the step's, and those of its adjoint; `ends`: the name of each after the step;
    `reals`: the row of each whose adjoint goes from step to step; `moved`: the ports that ask
    spikes for their times, by number.
    """

    def __init__(
        self, number: int, step: NeuronStep, adjoint: StepAdjoint, language: Language
    ) -> None:
        self.number, self.step, self.adjoint, self.language = number, step, adjoint, language
        self.types = _types(step, adjoint)
        self.names = {name: f"x{k}" for k, name in enumerate(sorted(self.types))}
        self.places = state_places(step)
        self.reals = {s: k for s, (array, k) in self.places.items() if array == "reals"}
        ends: dict[str, str] = {}
        for assign in adjoint.forward:
            if assign.target != SPIKED:
                ends[assign.target.partition(":")[0]] = assign.target
        self.states = [s.name for s in (*step.states, *adjoint.own)]
        self.moved = dict(enumerate(step.ports if adjoint.moved is not None else ()))
        self.ends = {s: ends.get(s, s) for s in self.states if s not in step.still}

    def constants(self) -> list[str]:
        """Reads the constants of population p that are used."""
        return [
            f"{self.names[c]} = {cast(f'constants[p, {k}]', self.types[c], self.language)}"
            for k, c in enumerate(self.step.constants)
            if c in self.names
        ]

    def forward(self, fires: str | None = None) -> list[str]:
        """The assignments of the step; whether it fires is what the text `fires` says, if any."""
        return [
            f"{self.names[SPIKED]} = {fires}"
            if fires and a.target == SPIKED
            else self._assign(a.target, a.value)
            for a in self.adjoint.forward
        ]

    def backward(self) -> list[str]:
        """Those of its adjoint."""
        return [self._assign(a.target, a.value) for a in self.adjoint.backward]

    def kept(self, name: str, place: str) -> str:
        """Reads a forward name from a place of the tape."""
        kind = self.types[name]
        read = f"{place} != f32(0.0)" if kind is DType.BOOL else cast(place, kind, self.language)
        return f"{self.names[name]} = {read}"

    def found(self, ends: Mapping[str, str], name: str) -> str:
        """The adjoint that the sweep gives for a name; 0 where it gives none."""
        return self.names[ends[name]] if name in ends else "f32(0.0)"

    def _assign(self, target: str, value: Expr) -> str:
        text = cast(render(value, self.names, self.language), self.types[target], self.language)
        return f"{self.names[target]} = {text}"


def scans(graph: Graph, spec: TrainSpec, language: Language) -> list[Scan]:
    """Those of the distinct steps of a graph, in their order."""
    pairs = zip(distinct_steps(graph), adjoints(graph, spec.call("rule")), strict=True)
    return [Scan(k, step, adjoint, language) for k, (step, adjoint) in enumerate(pairs)]


def entry(name: str, arguments: str, count: int, decorator: str) -> str:
    """A function `name` that calls name_0, name_1, … by the model."""
    lines = [decorator, f"def {name}(model, {arguments}):"]
    for k in range(count):
        lines += [
            f"    {'if' if k == 0 else 'elif'} model == {k}:",
            f"        {name}_{k}({arguments})",
        ]
    return "\n".join(lines) + "\n"


def _types(step: NeuronStep, adjoint: StepAdjoint) -> dict[str, Scalar]:
    """The type of every name that the text has."""
    types: dict[str, Scalar] = {s.name: s.dtype for s in step.states}
    types |= dict.fromkeys(step.ports, DType.F32)
    for assign in (*adjoint.forward, *adjoint.backward):
        types |= {n.name: n.dtype for n in walk(assign.value) if isinstance(n, Ref)}
        types[assign.target] = assign.value.dtype
    return types
