"""What sizes a circuit: the most that can come in a step, and the least and the most that sums and
states can be, proved and as measured in some samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.expr import evaluate, walk
from ....ir.graph import Graph, Population, Projection
from ....ir.integers.bounds import Bounds, Interval, bounds_of
from ....ir.integers.population import sends
from ....ir.model import Model, weights_name
from ....ir.neuron import REFRACTORY
from ....ir.types import Fixed
from ....ir.wiring import AllPairs, Windows, Wiring, through_windows
from ...trace import Trace
from .cut import late
from .layout import computed, moving, step_of
from .sent import sent

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ends:
    """The least and the most of a sum or a state, and the bits of two's complement that hold both;
    None where nothing is proved."""

    low: int
    high: int

    @property
    def bits(self) -> int:
        """Of the type that holds both."""
        below = (-self.low - 1).bit_length() if self.low < 0 else 0
        return 1 + max(self.high.bit_length() if self.high > 0 else 0, below)


def sizes_of(model: Model, trace: Trace) -> dict[str, Any]:
    """By population, and of the whole network, as plain data."""
    graph, steps = model.graph, len(next(iter(trace.spikes.values())))
    bounds = bounds_of(model, steps)
    fired = np.concatenate(list(trace.spikes.values()), axis=2)
    return {
        "proved_steps": steps,
        "measured_samples": fired.shape[1],
        "populations": [_population(model, trace, bounds, p) for p in computed(graph)],
        "network": {
            "neurons": sum(p.neurons for p in computed(graph)),
            "synapses": sum(w.synapses for w in model.wirings.values()),
            "spikes_a_step": _pair(fired.shape[2], int(fired.sum(axis=2).max())),
            "weight_bits": sum(_weight_bits(model, p) for p in graph.projections),
            "state_bits": sum(32 * p.neurons * len(moving(p)) for p in computed(graph)),
            "delay_bits": sum(_bits_late(graph, p) for p in graph.populations),
        },
    }


def _population(
    model: Model, trace: Trace, bounds: Bounds, population: Population
) -> dict[str, Any]:
    name = population.name
    into = [p for p in model.graph.projections if p.post == name]
    fan_in = sum((_fan_in(model.wirings[p.name]) for p in into), np.zeros(population.neurons, int))
    held = {s.name: trace.states[name][s.name] for s in moving(population)}
    return {
        "name": name,
        "neurons": population.neurons,
        "fan_in": int(fan_in.max()),
        "events_a_step": _counted(model, trace, into, _senders),
        "weights_added_a_step": _counted(model, trace, into, _synapses),
        "delayed_spikes": _delayed(model.graph, trace, name),
        "sums": {
            port: _ranges(bounds.ports[name][port], sums)
            for port, sums in _sums(model, trace, population)
        },
        "states": {state: _state(population, bounds, state, held[state]) for state in held},
        "widest_bits": max(_widths(population)),
    }


def _pair(most: int, measured: int) -> dict[str, int]:
    return {"at_most": most, "measured": measured}


def _late(graph: Graph, name: str) -> int:
    return max((p.delay for p in graph.projections if p.pre == name), default=0)


def _bits_late(graph: Graph, population: Population) -> int:
    """The bits of what a population sent that waits: one a spike, 32 a number."""
    bits = 32 if sends(population) else 1
    return bits * population.neurons * _late(graph, population.name)


def _weight_bits(model: Model, projection: Projection) -> int:
    value = model.values[weights_name(projection.name)]
    assert isinstance(value.dtype, Fixed)
    return value.array.size * value.dtype.bits


def _fan_in(wiring: Wiring) -> Array:
    return wiring.fan_in()


def _senders(wiring: Wiring) -> Array:
    """1 for each pre neuron that reaches any neuron."""
    return (_synapses(wiring) > 0).astype(np.int64)


def _synapses(wiring: Wiring) -> Array:
    """The synapses of each pre neuron."""
    if isinstance(wiring, AllPairs):
        return np.full(wiring.pre_neurons, wiring.post_neurons)
    return np.bincount(wiring.pairs()[0], minlength=wiring.pre_neurons)


def _counted(model: Model, trace: Trace, into: list[Projection], weigh: Any) -> dict[str, int]:
    """What comes in one step at most: if all pre neurons fire at once, and as measured."""
    first = next(iter(trace.spikes.values()))
    counts, most = np.zeros(first.shape[:2], np.int64), 0
    for projection in into:
        weights = weigh(model.wirings[projection.name])
        events = sent(trace, model.graph.population(projection.pre)) != 0
        counts += late(events, projection.delay) @ weights
        most += int(weights.sum())
    return _pair(most, int(counts.max()))


def _delayed(graph: Graph, trace: Trace, name: str) -> dict[str, int]:
    """The spikes, or numbers, of the population that wait, for the longest delay on which it
    sends."""
    events = sent(trace, graph.population(name)) != 0
    spikes, delay = events.sum(axis=2), _late(graph, name)
    waiting = sum((late(spikes, k) for k in range(1, delay + 1)), np.zeros_like(spikes))
    return _pair(delay * trace.spikes[name].shape[2], int(waiting.max()))


def _sums(model: Model, trace: Trace, population: Population) -> Iterator[tuple[str, Array]]:
    """What arrived at each port, [T, B, N]."""
    for port in step_of(population).ports:
        total = np.zeros(trace.spikes[population.name].shape, np.int64)
        for projection in model.graph.projections:
            if (projection.post, projection.port) == (population.name, port):
                given = sent(trace, model.graph.population(projection.pre))
                weights = model.weights(projection.name).astype(np.int64)
                arriving = late(given.astype(np.int64), projection.delay)
                total += _brought(model.wirings[projection.name], weights, arriving)
        yield port, total


def _brought(wiring: Wiring, weights: Array, arriving: Array) -> Array:
    # Sums of whole numbers below 2^53 are exact in float64.
    if isinstance(wiring, AllPairs):
        return (arriving.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)
    if isinstance(wiring, Windows):
        return through_windows(wiring, weights, arriving).astype(np.int64)
    pre, post = wiring.pairs()
    codes = weights.ravel()[wiring.places()]
    made = np.zeros((*arriving.shape[:2], wiring.post_neurons), np.int64)
    for place in np.ndindex(*arriving.shape[:2]):
        brought = codes * arriving[place][pre]
        made[place] = np.bincount(post, brought, wiring.post_neurons)
    return made


def _ranges(proved: Interval | None, measured: Array) -> dict[str, Any]:
    seen = Ends(int(measured.min(initial=0)), int(measured.max(initial=0)))
    found = {"measured": [seen.low, seen.high], "measured_bits": seen.bits}
    if proved is None:
        return {"proved": None, "bits": None, **found}
    ends = Ends(int(proved.low.min(initial=0)), int(proved.high.max(initial=0)))
    return {"proved": [ends.low, ends.high], "bits": ends.bits, **found}


def _state(population: Population, bounds: Bounds, state: str, measured: Array) -> dict[str, Any]:
    if state != REFRACTORY:
        return _ranges(bounds.states[population.name].get(state), measured)
    step = step_of(population)
    assert step.refractory is not None
    constants: Mapping[str, Any] = dict(
        zip(step.constants, (int(c) for c in population.constants), strict=True)
    )
    most = np.atleast_1d(np.asarray(evaluate(step.refractory, constants)))
    return _ranges(Interval(np.zeros_like(most), most), measured)


def _widths(population: Population) -> Iterator[int]:
    """The bits of all that a step works out on its way: of products more than those of states."""
    yield 1
    for expression in step_of(population).expressions:
        for node in walk(expression):
            if isinstance(node.dtype, Fixed):
                yield node.dtype.bits
