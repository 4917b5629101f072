"""How the numbers of a neuron's step follow the parameters that are learnt, and backwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..derivatives import gradients
from ..expr import Expr, Ref, evaluate, names, substitute
from ..graph import Population
from ..schemes import SCHEMES, Scheme
from ..schemes.scheme import Floats
from .discretize import assemble
from .fold import fold_step


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """`numbers`: what follows the learnt parameters, constants of the folded step and starts of its
    states, by name, as expressions of the model's parameters and the scheme's own constants.
    `others`: the values of all that is not learnt."""

    scheme: Scheme
    numbers: Mapping[str, Expr]
    learnt: tuple[str, ...]
    others: Mapping[str, float]

    def values(self, parameters: Mapping[str, Floats]) -> dict[str, Floats]:
        """The numbers, [N] each, of neurons with these learnt parameters, [] or [N]."""
        known = self._known(parameters)
        with np.errstate(all="ignore"):
            return {name: evaluate(e, known, np.float64) for name, e in self.numbers.items()}

    def gradients(
        self, parameters: Mapping[str, Floats], asked: Mapping[str, Floats]
    ) -> dict[str, Floats]:
        """dL/d(learnt parameter) of every neuron [N], by dL/d(number) [N]."""
        known, sums = self._known(parameters), dict[str, Floats]()
        with np.errstate(all="ignore"):
            for name, expr in self.numbers.items():
                seed = {_ASKED: asked[name]}
                for read, part in gradients(expr, Ref(_ASKED, expr.dtype)).items():
                    value = evaluate(part, {**known, **seed}, np.float64)
                    sums[read] = sums.get(read, 0.0) + value
            own = {name: sums[name] for name in self.scheme.constants if name in sums}
            if own:
                for read, value in self.scheme.own.gradients(known, own).items():
                    sums[read] = sums.get(read, 0.0) + value
        nothing = np.zeros(next(iter(asked.values())).shape) if asked else np.zeros(())
        return {name: sums.get(name, 0.0) + nothing for name in self.learnt}

    def _known(self, parameters: Mapping[str, Floats]) -> dict[str, Floats]:
        known: dict[str, Any] = {**self.others, **parameters}
        own = zip(self.scheme.constants, self.scheme.own.values(known), strict=True)
        return known | dict(own)


_ASKED = "~"  # no name of a parameter


def as_kept(numbers: Mapping[str, Floats]) -> dict[str, Floats]:
    """Numbers as neurons start with them."""
    return {name: each.astype(np.float32).astype(np.float64) for name, each in numbers.items()}


def derived(population: Population, dt: float) -> Derived:
    """What follows the learnt parameters of a population; its model must have steps by its method
    (`Discretize` says why not)."""
    model, learnt = population.model, tuple(k.name for k in population.learnt)
    assert model is not None, population.name
    scheme = SCHEMES[population.method].scheme(model, dt)
    folded = fold_step(assemble(model, scheme))
    moved = set(learnt) | {name for name, read in scheme.own.reads.items() if read & set(learnt)}
    definitions = dict(zip(folded.step.constants, folded.definitions, strict=True))
    numbers = {name: e for name, e in definitions.items() if names(e) & moved}
    for state in folded.step.states:
        start = substitute(state.init, definitions)
        if names(start) & moved:
            numbers[state.name] = start
    others = {name: value for name, value in population.parameters if name not in learnt}
    return Derived(scheme, numbers, learnt, others)
