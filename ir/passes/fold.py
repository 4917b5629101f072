"""Pass: simplify each step and give every expression of parameters a numbered constant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

import numpy as np

from ..diagnostics import CompileError, Diagnostic
from ..expr import Const, Expr, Ref, apply, evaluate, names
from ..graph import Graph, Population
from ..neuron import Assign, NeuronStep
from ..types import DType, Fixed
from .simplify import simplify


@dataclass(frozen=True, slots=True)
class Fold:
    """Steps read numbered constants only, so that populations of one model share one step."""

    name: str = "fold"
    requires: frozenset[str] = frozenset({"shapes", "steps"})
    ensures: frozenset[str] = frozenset({"shapes", "steps", "folded"})

    def run(self, graph: Graph) -> Graph:
        """The graph with folded steps; each step and each set of values is worked out once."""
        folded: dict[int, FoldedStep] = {}
        values: dict[tuple[int, tuple[float, ...]], tuple[float, ...]] = {}
        found: list[Diagnostic] = []
        populations: list[Population] = []
        for population in graph.populations:
            step = population.step
            if step is None:
                populations.append(population)
                continue
            if id(step) not in folded:
                folded[id(step)] = fold_step(step)
            key = (id(step), population.constants)
            if key not in values:
                values[key] = folded[id(step)].values(population.constants)
                found += _mistakes(population, folded[id(step)], values[key])
            populations.append(
                replace(population, step=folded[id(step)].step, constants=values[key])
            )
        if found:
            raise CompileError(found)
        return replace(graph, populations=tuple(populations))


@dataclass(frozen=True, slots=True)
class FoldedStep:
    """A step over numbered constants, and what each constant is in terms of the old ones."""

    step: NeuronStep
    inputs: tuple[str, ...]
    definitions: tuple[Expr, ...]

    def values(self, constants: tuple[float, ...]) -> tuple[float, ...]:
        """The values of the numbered constants, float64, for values of the old constants."""
        known = {n: np.float64(v) for n, v in zip(self.inputs, constants, strict=True)}
        with np.errstate(all="ignore"):
            return tuple(float(evaluate(d, known, np.float64)) for d in self.definitions)


def _mistakes(
    population: Population, folded: FoldedStep, values: tuple[float, ...]
) -> list[Diagnostic]:
    """A diagnostic for each constant that is infinite or not a number."""
    parameters = dict(population.parameters)
    return [
        Diagnostic(
            "E022",
            f"the parameters of `{population.name}` give {value} in a step of its neurons",
            population.span,
            help="check "
            + ", ".join(
                f"`{name} = {parameters[name]:g}`"
                for name in sorted(names(definition) & parameters.keys())
            ),
        )
        for value, definition in zip(values, folded.definitions, strict=True)
        if not np.isfinite(value)
    ]


def fold_step(step: NeuronStep) -> FoldedStep:
    """The step simplified, with constants k0, k1, … in the order in which it first reads them."""
    taken = {s.name for s in step.states} | set(step.ports) | set(step.constants)
    hoist = _Hoist(frozenset(step.constants), frozenset(taken), {})
    # In this order, on which the numbers depend.
    made = replace(
        step,
        decay=hoist.assigns(step.decay),
        deliver=hoist.assigns(step.deliver),
        integrate=hoist.assigns(step.integrate),
        hold=hoist.assigns(step.hold),
        threshold=hoist.optional(step.threshold),
        relax=hoist.assigns(step.relax),
        reset=hoist.assigns(step.reset),
        refractory=hoist.optional(step.refractory),
    )
    states = tuple(replace(s, init=hoist.hoisted(simplify(s.init))) for s in step.states)
    emit = hoist.optional(step.emit)
    constants = tuple(name for name, _ in hoist.numbered.values())
    definitions = tuple(definition for _, definition in hoist.numbered.values())
    made = replace(made, states=states, constants=constants, emit=emit)
    return FoldedStep(made, step.constants, definitions)


@dataclass(frozen=True, slots=True)
class _Hoist:
    """Replaces expressions of `free` names by numbered constants; equal ones get one number."""

    free: frozenset[str]
    taken: frozenset[str]
    numbered: dict[str, tuple[str, Expr]]

    def assigns(self, assigns: tuple[Assign, ...]) -> tuple[Assign, ...]:
        """The assignments, simplified and hoisted; x <- x is dropped."""
        made = (Assign(a.target, self.hoisted(simplify(a.value))) for a in assigns)
        return tuple(a for a in made if a.value != Ref(a.target, a.value.dtype))

    def optional(self, expr: Expr | None) -> Expr | None:
        """The expression, if there is one, simplified and hoisted."""
        return None if expr is None else self.hoisted(simplify(expr))

    def hoisted(self, expr: Expr) -> Expr:
        """The expression with every largest part that reads only free names made a constant; of
        fixed-point parts only the names, since a constant is a float."""
        if isinstance(expr, Const):
            return expr
        read = names(expr)
        is_number = isinstance(expr, Ref) or not isinstance(expr.dtype, Fixed)
        if read and read <= self.free and is_number and expr.dtype is not DType.BOOL:
            return Ref(self._name(expr), expr.dtype)
        if isinstance(expr, Ref):
            return expr
        return apply(expr.op, *map(self.hoisted, expr.args), immediate=expr.immediate)

    def _name(self, expr: Expr) -> str:
        # By text: == would take the literals 0 and -0 for one.
        key = repr(expr)
        if key not in self.numbered:
            self.numbered[key] = (self._fresh(), expr)
        return self.numbered[key][0]

    def _fresh(self) -> str:
        used = {name for name, _ in self.numbered.values()} | self.taken
        return next(name for name in (f"k{n}" for n in count()) if name not in used)
