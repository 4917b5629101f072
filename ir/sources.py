"""Sources: populations that fire by themselves, without data; a row of SOURCES each.

What they fire is defined here, in integers and in NumPy, and every engine computes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .arguments import Argument, Row
from .calls import number, text
from .graph import Call, Graph, Population
from .philox import philox4x32
from .ranges import NOT_NEGATIVE, POSITIVE
from .streams import key_of

Array = npt.NDArray[Any]
Tensors = Mapping[str, npt.NDArray[Any]]

SOURCE = "source"  # the role of such a population
MOST_MEAN = 100.0  # spikes a step and neuron: a count fits a byte
MOST_COUNT = 255
WORDS = 2**32
GUIDES = 256  # by its first byte a word finds where to begin in the table
AT_ONCE = 1 << 16  # neuron steps that NumPy draws at once
FOREVER = 1e30  # [ms]
MOST_TOLD = 1 << 24  # steps and neurons of a tensor, whose numbers are of single precision
ROW_OF_EVENTS = Row(
    "rows (step, neuron) from an .npy, .npz, .safetensors or .csv file; (time, neuron) with a unit",
    (
        Argument("path", "text"),
        Argument("key", "text", ""),
        Argument("unit", "quantity", 0.0, range=NOT_NEGATIVE, silent=True),
    ),
)


@dataclass(frozen=True, slots=True)
class Source(Row):
    """A kind of source. `events` lists (steps, neurons), both [events], of one whose spikes are
    known from the start; None of one that is drawn."""

    events: Callable[[Call, int, float, int, Tensors], tuple[Array, Array]] | None = field(
        default=None, kw_only=True
    )


def _regular(call: Call, neurons: int, dt: float, steps: int, _: Tensors) -> tuple[Array, Array]:
    period, offset = (round(number(call, name) / dt) for name in ("period", "offset"))
    return _of_all(np.arange(offset, steps, period), neurons)


def _times(call: Call, neurons: int, dt: float, steps: int, _: Tensors) -> tuple[Array, Array]:
    times = call["times"]
    assert isinstance(times, tuple)
    found = np.sort(np.rint(np.array(times, np.float64) / dt).astype(np.int64))
    return _of_all(found[found < steps], neurons)


def _of_all(times: Array, neurons: int) -> tuple[Array, Array]:
    """Every neuron fires at these steps, which ascend; twice where a step stands twice."""
    when, count = np.unique(times, return_counts=True)
    each = np.repeat(count, neurons)
    every = np.tile(np.arange(neurons), len(when))
    return np.repeat(np.repeat(when, neurons), each), np.repeat(every, each)


def _given(
    call: Call, neurons: int, dt: float, steps: int, tensors: Tensors
) -> tuple[Array, Array]:
    """Rows (step, neuron) of a tensor."""
    rows = np.asarray(tensors[text(call, "tensor")]).astype(np.int64)
    rows = rows[rows[:, 0] < steps]
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return rows[:, 0], rows[:, 1]


SOURCES: dict[str, Source] = {
    "poisson": Source(
        "as many spikes a step as a Poisson process of `rate` has, of each neuron by itself",
        (
            Argument("rate", "Hz", range=NOT_NEGATIVE),
            Argument("start", "ms", 0.0, range=NOT_NEGATIVE, silent=True),
            Argument("stop", "ms", FOREVER, range=NOT_NEGATIVE, silent=True),
        ),
    ),
    "regular": Source(
        "a spike of every neuron at `offset` and each `period` later",
        (
            Argument("period", "ms", range=POSITIVE),
            Argument("offset", "ms", 0.0, range=NOT_NEGATIVE),
        ),
        events=_regular,
    ),
    "times": Source(
        "a spike of every neuron at each of these times, or what a file says",
        (Argument("times", "times", range=NOT_NEGATIVE),),
        events=_times,
    ),
    "given": Source(
        "the spikes of a tensor, rows (step, neuron)",
        (Argument("tensor", "text"),),
        events=_given,
    ),
}


def sources_of(graph: Graph) -> tuple[Population, ...]:
    """The sources of a network."""
    return tuple(p for p in graph.populations if p.source is not None)


@lru_cache(maxsize=256)
def cumulative(mean: float) -> npt.NDArray[np.uint32]:
    """The table of a Poisson distribution: entry k is floor(2^32 P(count <= k)), up to the first
    that has no room above it. A word of 32 bits stands for as many spikes as entries are not above
    it, see `count_of_words`.

    Worked out in 50 decimal digits, so that its bits are the same on every machine.
    """
    assert 0.0 <= mean <= MOST_MEAN, mean
    with localcontext(prec=50):
        average = Decimal(mean)
        term = (-average).exp()
        below, entries = Decimal(0), list[int]()
        while not entries or (entries[-1] < WORDS - 1 and len(entries) < MOST_COUNT):
            below += term
            term *= average / (len(entries) + 1)
            entries.append(min(int(below * WORDS), WORDS - 1))
    return np.array(entries, np.uint32)


def guides(table: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """u8[GUIDES]: the least count of a word with that first byte."""
    firsts = np.arange(GUIDES, dtype=np.uint32) << np.uint32(24)
    return np.searchsorted(table, firsts, side="right").astype(np.uint8)


def count_of_words(words: npt.NDArray[np.uint32], mean: float) -> npt.NDArray[np.uint8]:
    """How many spikes the words stand for."""
    return np.searchsorted(cumulative(mean), words, side="right").astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A source that is drawn: `mean` spikes a step in the steps first … last - 1, with this key."""

    mean: float
    first: int
    last: int
    key: tuple[int, int]


def drawn_of(population: Population, dt: float, seed: int) -> Drawn | None:
    """How a source is drawn; None of one that is not."""
    call = population.source
    if call is None or SOURCES[call.kind].events is not None:
        return None
    given = dict(call.arguments)
    start, stop = (float(str(given.get(k, d))) for k, d in (("start", 0.0), ("stop", FOREVER)))
    return Drawn(
        number(call, "rate") * dt / 1000.0,
        round(start / dt),
        round(min(stop / dt, 2.0**62)),
        source_key(population.name, seed),
    )


def source_key(name: str, seed: int) -> tuple[int, int]:
    """The two words that key what a source draws."""
    low, high = np.frombuffer(key_of(seed, SOURCE, name)[:8], "<u4")
    return int(low), int(high)


def events_of(
    population: Population, dt: float, steps: int, tensors: Tensors
) -> tuple[Array, Array]:
    """(steps, neurons) of what a source that is not drawn fires, by step and neuron."""
    call = population.source
    assert call is not None
    events = SOURCES[call.kind].events
    assert events is not None
    return events(call, population.neurons, dt, steps, tensors)


def told_count(population: Population, dt: float, steps: int, tensors: Tensors) -> int:
    """How many spikes a source is told at most in so many steps; 0 of one that is drawn."""
    call = population.source
    if call is None or SOURCES[call.kind].events is None:
        return 0
    if call.kind == "given":
        return len(tensors[text(call, "tensor")])
    times = dict(call.arguments).get("times")
    if isinstance(times, tuple):
        return population.neurons * len(times)
    return population.neurons * (1 + steps // round(number(call, "period") / dt))


def draw_counts(drawn: Drawn, neurons: int, sample: int, steps: range) -> npt.NDArray[np.uint8]:
    """u8 [steps, neurons]: how often each fires in each of these steps of a sample.

    Neuron j of step t takes word j % 4 of philox(counter = (j // 4, t, sample), key), the sample's
    64 bits with the low word first.
    """
    blocks = -(-neurons // 4)
    counter = np.zeros((len(steps), blocks, 4), np.uint64)
    counter[..., 0] = np.arange(blocks)
    counter[..., 1] = np.arange(steps.start, steps.stop, dtype=np.uint64)[:, None]
    counter[..., 2] = sample & 0xFFFFFFFF
    counter[..., 3] = sample >> 32
    words = philox4x32(counter, drawn.key).reshape(len(steps), 4 * blocks)[:, :neurons]
    counts = count_of_words(words, drawn.mean)
    there = np.arange(steps.start, steps.stop)
    counts[(there < drawn.first) | (there >= drawn.last)] = 0
    return counts


def fired(
    population: Population, graph: Graph, seed: int, sample: int, steps: int, neurons: range
) -> Array:
    """int32 [spikes, 2]: rows (step, neuron) of what these neurons of a source fire in a sample,
    sorted, one for each of several in a step."""
    drawn = drawn_of(population, graph.dt, seed)
    if drawn is None:
        found = np.stack(events_of(population, graph.dt, steps, graph.tensors), axis=1)
        return found[(found[:, 1] >= neurons.start) & (found[:, 1] < neurons.stop)].astype(np.int32)
    parts, size = [np.zeros((0, 2), np.int32)], max(1, AT_ONCE // population.neurons)
    for first in range(0, steps, size):
        part = range(first, min(first + size, steps))
        counts = draw_counts(drawn, population.neurons, sample, part)
        counts = counts[:, neurons.start : neurons.stop]
        rows = np.repeat(np.argwhere(counts), counts[counts > 0].astype(np.int64), axis=0)
        parts.append((rows + [first, neurons.start]).astype(np.int32))
    return np.concatenate(parts)


def counts_of(
    population: Population, graph: Graph, seed: int, sample: int, steps: int
) -> npt.NDArray[np.uint8]:
    """u8 [steps, neurons]: how often each neuron of a source fires in each step of a sample."""
    counts = np.zeros((steps, population.neurons), np.uint8)
    every = range(population.neurons)
    np.add.at(counts, tuple(fired(population, graph, seed, sample, steps, every).T), 1)
    return counts
