"""What the numbers of a network come to in training samples."""

from __future__ import annotations

from math import isfinite

import numpy as np

from ..backends.protocols import Samples
from ..backends.reference.simulator import ReferenceSimulator, input_spikes
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Population
from ..ir.integers.ranges import Ranges
from ..ir.integers.sizes import wants_ranges
from ..ir.integers.terms import known_of
from ..ir.integers.weights import METHODS
from ..ir.model import Model
from ..ir.neuron import LOST
from ..ir.passes.pipeline import run_model_passes
from ..ir.rules import most_sent, sends_numbers

LOOKED_AT, AT_ONCE = 64, 8  # samples in which states are looked at, and of them at a time


def is_wanted(model: Model) -> bool:
    """Whether integers of the model follow from what is seen of it: an input sends numbers, or a
    neuron multiplies what moves."""
    return any(map(_sends_reals, model.graph.populations)) or bool(
        _multiplying(run_model_passes(model))
    )


def seen(model: Model, samples: Samples, method: str, bits: int) -> Ranges:
    """The numbers that inputs send, by what of them is to be the largest code of so many bits: a
    row of METHODS, as of weights; and what the states of neurons with products come to in the first
    LOOKED_AT samples. In NumPy, one sample after the other: no thread changes it. CompileError
    (E053) for states that are no finite numbers there."""
    levels = float((1 << (bits - 1)) - 1)
    sent = {}
    for name, numbers in input_spikes(model.graph, samples, 1, model.seed).items():
        population = model.graph.population(name)
        if _sends_reals(population):
            sizes = abs(numbers[0].astype(np.float64)).ravel()
            where, of = np.zeros(sizes.size, np.int64), np.full(sizes.size, levels)
            sent[name] = float(METHODS[method](where, sizes / levels, of, 1)[0] * levels)
    return Ranges(sent, _states(run_model_passes(model), samples))


def _states(model: Model, samples: Samples) -> dict[tuple[str, str], float]:
    """The largest size of each state of the populations that multiply what moves."""
    multiplying = _multiplying(model)
    found: dict[tuple[str, str], float] = {}
    if not multiplying:
        return found
    simulator = ReferenceSimulator(model, np.float64)
    for first in range(0, min(LOOKED_AT, len(samples.ids)), AT_ONCE):
        part = samples.part(first, min(first + AT_ONCE, LOOKED_AT))
        states = simulator.trace(part, True).states
        for name in multiplying:
            for state, values in states[name].items():
                largest = float(abs(values.astype(np.float64)).max(initial=0.0))
                if not isfinite(largest):
                    raise CompileError(_lost(model, name, state))
                found[name, state] = max(found.get((name, state), 0.0), largest)
    return found


def _lost(model: Model, name: str, state: str) -> Diagnostic:
    return Diagnostic(
        "E053",
        f"the state `{state.removesuffix(LOST)}` of `{name}` is no finite number in a training "
        "sample, so that it has no range in integers",
        model.graph.population(name).span,
        help="scale the weights into it down, or bound it, as by `min` and `max`",
    )


def _sends_reals(population: Population) -> bool:
    return sends_numbers(population) and not most_sent(population)


def _multiplying(model: Model) -> list[str]:
    return [
        p.name
        for p in model.graph.populations
        if p.step is not None and wants_ranges(p.step, known_of(model, p, p.step))
    ]
