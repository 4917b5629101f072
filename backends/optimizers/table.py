"""The steps from a gradient to an update, and the chain that a spec makes of them.

    gradient of a batch (mean)  ->  clip  ->  regularizer  ->  decay  ->  optimizer  ->  clamp

A chain without a step that looks at the whole gradient is local to a row of weights, those of one
neuron in one projection: it may then be taken as soon as the row's gradient is known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...ir.calls import number
from ...ir.graph import Call, Graph, TrainSpec
from . import formulas

Floats = npt.NDArray[np.float32]

WHOLE, ROW, WEIGHT = "whole", "row", "weight"


class Step(NamedTuple):
    """A step: a function of `formulas` (or one like them) and the arguments of its call that it
    takes last, as numbers.

    scope WHOLE: (norm of the gradient, *numbers) -> a factor of the gradient; ROW: (sum of the
    row's squares, synapses, *numbers) -> k, where k w is added to the gradient of every weight w;
    WEIGHT: (w, g, m, v, size, eps, rate, *numbers) -> (w, g, m, v). `moments` are how many of m
    and v it changes. `pace`: (call, rate, update from 1) -> (size, eps) of an optimizer.
    """

    formula: Callable[..., Any]
    numbers: tuple[str, ...]
    scope: str = WEIGHT
    moments: int = 0
    pace: Callable[[Call, float, int], tuple[float, float]] | None = None


def adam_pace(adam: Call, rate: float, update: int) -> tuple[float, float]:
    """Step size and eps with Adam's bias corrections in them."""
    first = 1.0 - math.pow(number(adam, "beta1"), update)
    second = math.sqrt(1.0 - math.pow(number(adam, "beta2"), update))
    return rate * second / first, number(adam, "eps") * second


def plain_pace(_call: Call, rate: float, _update: int) -> tuple[float, float]:
    """The learning rate as it is."""
    return rate, 0.0


# In the order of the chain: entry of a train block -> kind -> step.
STEPS: dict[str, dict[str, Step]] = {
    "clip": {"norm": Step(formulas.norm, ("limit",), WHOLE)},
    "regularizer": {
        "exponential": Step(formulas.exponential, ("strength", "beta", "limit"), ROW),
        "l2": Step(formulas.l2, ("strength",), ROW),
    },
    "decay": {"decoupled": Step(formulas.decoupled, ("rate",))},
    "optimizer": {
        "adam": Step(formulas.adam, ("beta1", "beta2"), moments=2, pace=adam_pace),
        "sgd": Step(formulas.sgd, ("momentum",), moments=1, pace=plain_pace),
    },
    "clamp": {"range": Step(formulas.limits, ("low", "high"))},
}


class Link(NamedTuple):
    """A step of a chain, the call that it is of, and where its numbers begin among the chain's."""

    step: Step
    call: Call
    start: int


class Chain(NamedTuple):
    """The steps of a spec in their order, and all of their numbers."""

    links: tuple[Link, ...]
    numbers: tuple[float, ...]

    def of(self, scope: str) -> tuple[Link, ...]:
        """The steps of a scope."""
        return tuple(link for link in self.links if link.step.scope == scope)

    @property
    def is_local(self) -> bool:
        """Whether a row of weights can be updated before the others' gradients are known."""
        return not self.of(WHOLE)

    @property
    def moments(self) -> int:
        """How many moments it changes."""
        return max(link.step.moments for link in self.links)

    def paces(self, rate: float, first: int, updates: int) -> tuple[Floats, Floats]:
        """(size, eps) f32[updates] of the updates from number `first` (from 1) on."""
        (pace, call) = next((k.step.pace, k.call) for k in self.links if k.step.pace is not None)
        steps = [pace(call, rate, update) for update in range(first, first + updates)]
        size, eps = np.array(steps, np.float32).reshape(-1, 2).T.copy()
        return size, eps


def chain_of(spec: TrainSpec, entries: Iterable[str] = STEPS) -> Chain:
    """The chain of a spec, or of some of its entries; they name rows of STEPS."""
    links, numbers = list[Link](), list[float]()
    for entry in entries:
        call, kinds = spec.find(entry), STEPS[entry]
        if call is not None:
            step = kinds[call.kind]
            links.append(Link(step, call, len(numbers)))
            numbers += [number(call, name) for name in step.numbers]
    return Chain(tuple(links), tuple(numbers))


def rates_of(graph: Graph) -> Floats:
    """f32[J]: the factor of every projection's learning rate."""
    return np.array([p.lr_mult for p in graph.projections], np.float32)
