"""States that came to be infinite or not a number: where, and an end of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...backends.protocols import Outcome, Samples, Simulator
from ...backends.trace import Trace
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.neuron import LAST_EMITTED, LOST, SPIKED


class Place(NamedTuple):
    """Where a state was first lost, the earliest of all; steps from 0."""

    step: int
    population: str
    state: str
    neuron: int


def refuse_lost(simulator: Simulator, samples: Samples, outcome: Outcome) -> None:
    """CompileError(E053) if a state of a sample was no finite number: what followed means nothing.

    The sample is presented again, step by step, to name the place.
    """
    if not outcome.lost.any():
        return
    sample = int(np.argmax(outcome.lost))
    place = min(_places(simulator.trace(samples.only(sample), True)))
    population = simulator.graph.population(place.population)
    raise CompileError(
        Diagnostic(
            "E053",
            f"{_WRITTEN.get(place.state, f'`{place.state}`')} of neuron {place.neuron} of "
            f"`{place.population}` is no finite number any more, in step {place.step} of sample "
            f"{samples.rows[sample]}",
            population.span,
            help="look at what its equations divide by and take the logarithm or root of, and at "
            "the weights that reach it; `--record-states` writes all states",
        )
    )


# How a message names what is no state of the program.
_WRITTEN = {LAST_EMITTED: "`emit`", SPIKED: "what `spike when` compares"}


def _places(trace: Trace) -> Iterator[Place]:
    for population, states in trace.states.items():
        for state, values in states.items():
            steps, _, neurons = np.nonzero(~np.isfinite(values))
            if len(steps):
                name = state.removesuffix(LOST)
                yield Place(int(steps[0]), population, name, int(neurons[0]))
