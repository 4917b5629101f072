"""Firing rates of populations, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...ir.analysis.refractory import refractory_steps
from ...ir.graph import Graph, Population
from ...ir.rules import sends_numbers

# A neuron that spends this share of its steps firing, of what refractoriness allows, says nothing.
SATURATED = 0.8
# Shares of a population from which a warning is due.
MANY_DEAD = 0.5
MANY_SATURATED = 0.2
# Mean rate, of the highest possible, that a layer learns well with.
HEALTHY = 0.05
LARGEST_GAIN = 8.0


@dataclass(frozen=True, slots=True)
class Rates:
    """How a population fired. `rate` in Hz a neuron; `dead` and `saturated` are shares of it."""

    population: str
    rate: float
    dead: float
    saturated: float
    use: float  # mean rate, as a share of the highest possible

    @property
    def is_silent(self) -> bool:
        """Whether most neurons never fired."""
        return self.dead > MANY_DEAD

    @property
    def is_saturated(self) -> bool:
        """Whether many neurons fire all the time."""
        return self.saturated > MANY_SATURATED


def measure(
    graph: Graph, activity: npt.NDArray[np.int64], samples: int, steps: int
) -> tuple[Rates, ...]:
    """The rates of every population that may spike, from spikes summed over `samples` of `steps`
    steps."""
    presented = max(1, samples * steps)
    return tuple(
        _rates(population, activity[own], presented, graph.dt) for population, own in spiking(graph)
    )


def spiking(graph: Graph) -> Iterator[tuple[Population, slice]]:
    """The populations that may spike, but for sources, whose rates are said; each with its neurons
    among all of the graph."""
    start = 0
    for population in graph.populations:
        fires = population.model is None or population.model.spike is not None
        if fires and not sends_numbers(population) and population.source is None:
            yield population, slice(start, start + population.neurons)
        start += population.neurons


def _rates(population: Population, spikes: npt.NDArray[np.int64], steps: int, dt: float) -> Rates:
    share = spikes / steps * (1 + refractory_steps(population))
    return Rates(
        population.name,
        rate=float(spikes.mean() / steps * 1000.0 / dt),
        dead=float((spikes == 0).mean()),
        saturated=float((share > SATURATED).mean()),
        use=float(share.mean()),
    )


def warnings(graph: Graph, rates: tuple[Rates, ...]) -> tuple[str, ...]:
    """What to tell the user of populations that are silent or saturated. Inputs may be either."""
    computed = {p.name for p in graph.populations if p.role != "input"}
    return tuple(
        _warning(r) for r in rates if r.population in computed and (r.is_silent or r.is_saturated)
    )


def silence(graph: Graph, samples: str) -> str:
    """What to tell the user of samples that have no class: so many of them."""
    models = [p.model for p in graph.populations if p.role == "output"]
    emits = any(model is not None and model.emit is not None for model in models)
    said = "all scores were 0" if emits else "no output neuron fired"
    return f"{said} at {samples}: they have no class, and count as wrong"


def _warning(rates: Rates) -> str:
    gain = suggested_gain(rates)
    if rates.is_silent:
        return (
            f"{rates.dead:.0%} of `{rates.population}` never fired: "
            f"try its incoming weights times {gain:.2g}, or v_th divided by it"
        )
    return (
        f"{rates.saturated:.0%} of `{rates.population}` fire nearly always: "
        f"try its incoming weights times {gain:.2g}, or v_th divided by it"
    )


def suggested_gain(rates: Rates) -> float:
    """A factor on the incoming weights that brings the mean rate nearer to a healthy one.

    The rate of a neuron far above threshold grows with its drive; the square root is a careful
    half of the way, because spikes are missing or abound in the layers above as well.
    """
    if rates.use <= 0.0:
        return 2.0
    gain = float(np.sqrt(HEALTHY / rates.use))
    if rates.is_silent:
        return min(max(gain, 1.25), LARGEST_GAIN)
    return max(min(gain, 0.8), 1.0 / LARGEST_GAIN)
