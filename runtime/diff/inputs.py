"""Why the spikes of an input differ: what is tried with its encoding, its samples and its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from ...backends.protocols import Samples
from ...backends.reference.simulator import input_spikes
from ...ir.graph import Population
from ...ir.model import Model
from ...ir.rules import redraw_of
from ..samples import FIRST_ID
from .alone import Score
from .cause import CLEARLY, Cause
from .change import INPUT
from .comparison import Comparison
from .side import Sizes

Bits = npt.NDArray[np.bool_]

AT_HAND = 5  # samples
OTHERS = 64  # samples of the network's side, to find one of the other side's among
SEEDS = range(32)
STEPS = (1, -1, 2, -2)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An input of a network, and what the other side has in its place: `wanted` [T, B, N], spikes
    or how many of a neuron in a step. `spikes`
    are the network's own in the same samples, `all` in the first samples of all; `samples` what is
    presented; `other` the other side's network."""

    model: Model
    population: Population
    spikes: Bits
    wanted: Bits
    all: Bits
    first: int
    samples: Samples
    other: Model | None
    label: str

    def score(self, spikes: Bits) -> Score:
        """How well some spikes are the wanted ones."""
        wrong = spikes != self.wanted
        return Score(int((~wrong.any(axis=(0, 1))).sum()), int(wrong.sum()))

    def encoded(self, model: Model, samples: Samples) -> Bits:
        """What a model makes of samples."""
        steps = len(self.wanted)
        made = input_spikes(model.graph, samples, steps, model.seed)[self.population.name]
        return np.asarray(made[:steps] if made.dtype == np.uint8 else made[:steps] != 0)


Tries = Iterator[tuple[str, Bits]]


def _theirs(given: Given) -> Tries:
    other = given.other
    if other is None or given.population.name not in other.graph.index():
        return
    if other.seed != given.model.seed:
        made = replace(given.model, seed=other.seed)
        said = f"the seed {other.seed} in place of {given.model.seed}"
        yield said, given.encoded(made, given.samples)
    if other.graph.dt == given.model.graph.dt:
        said = f"the encoding of `{given.population.name}` as in {given.label}"
        yield said, given.encoded(replace(other, seed=given.model.seed), given.samples)
    yield f"the encoding, dt and seed as in {given.label}", given.encoded(other, given.samples)


def _steps(given: Given) -> Tries:
    for late in STEPS:
        moved = np.roll(given.spikes, late, axis=0)
        moved[slice(0, late) if late > 0 else slice(late, None)] = False
        steps = f"{abs(late)} step{'s' if abs(late) > 1 else ''} {'late' if late > 0 else 'early'}"
        yield f"the input {steps}", moved


def _samples(given: Given) -> Tries:
    """Each sample of the other side is another one here."""
    found = [_match(given.all, given.wanted[:, k]) for k in range(given.wanted.shape[1])]
    order = [given.first + k if m is None else m for k, m in enumerate(found)]
    if None not in found:
        told = f"{_listing(range(given.first, given.first + len(found)))} of {given.label}"
        said = f"the samples in another order: {told} are {_listing(order)}"
        yield said, given.all[:, order]


def _listing(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def _match(spikes: Bits, wanted: Bits) -> int | None:
    same = np.flatnonzero((spikes == wanted[:, None]).all(axis=(0, 2)))
    return int(same[0]) if len(same) else None


def _neurons(given: Given) -> Tries:
    shape, count = given.population.shape, given.population.neurons
    places = np.arange(count).reshape(shape)
    orders: dict[str, Any] = {"its neurons in reverse order": np.arange(count)[::-1]}
    if len(shape) > 1:
        for axes in permutations(range(len(shape))):
            if axes != tuple(range(len(shape))):
                orders[f"its axes in the order {list(axes)}"] = places.transpose(axes).ravel()
        for axis in range(len(shape)):
            orders[f"its axis {axis} reversed"] = np.flip(places, axis).ravel()
    orders["its neurons counted from 1"] = np.roll(np.arange(count), 1)
    for said, order in orders.items():
        yield said, given.spikes[:, :, order]


def _values(given: Given) -> Tries:
    yield "no spike at all", np.zeros_like(given.spikes)
    yield "spikes where there are none, and none where there are some", given.spikes == 0
    if given.spikes.max(initial=0) > 1:
        yield "one spike where there are several", given.spikes > 0


def _seeds(given: Given) -> Tries:
    if redraw_of(given.population) is None:
        return
    for seed in SEEDS:
        if seed != given.model.seed:
            made = replace(given.model, seed=seed)
            said = f"the seed {seed} in place of {given.model.seed}"
            yield said, given.encoded(made, given.samples)


def _ids(given: Given) -> Tries:
    """Of what keys the random numbers of a sample."""
    if redraw_of(given.population) is None:
        return
    test, ids = np.uint64(FIRST_ID["test"]), given.samples.ids
    other = {
        "samples of the other split": np.where(ids < test, ids + test, ids - test),
        "samples counted from 1": ids + np.uint64(1),
        "every sample drawn as the first one": np.zeros_like(ids) + test * (ids >= test),
    }
    for said, changed in other.items():
        yield (
            f"random numbers of {said}",
            given.encoded(given.model, replace(given.samples, ids=changed)),
        )


# What is tried, the likelier first.
INPUTS: dict[str, Callable[[Given], Tries]] = {
    "theirs": _theirs,
    "steps": _steps,
    "samples": _samples,
    "neurons": _neurons,
    "values": _values,
    "seeds": _seeds,
    "ids": _ids,
}


def input_cause(made: Comparison, network: int, name: str, label: str) -> Cause:
    """What was done to an input of side `network`'s network on the other side."""
    given = _given(made, network, name, label)
    unchanged, found = given.score(given.spikes), []
    for tries in INPUTS.values():
        found += [(said, given.score(spikes)) for said, spikes in tries(given)]
        if any(not score.wrong for _, score in found):
            break
    said, score = min(found, key=lambda each: each[1].wrong)
    is_clear = CLEARLY * score.wrong <= unchanged.wrong
    others = tuple(words for words, each in found if words != said and each == score)
    return Cause(
        INPUT,
        said if is_clear else "",
        score.neurons if is_clear else unchanged.neurons,
        unchanged.neurons,
        given.population.neurons,
        given.wanted.shape[1],
        len(found),
        others[:3] if is_clear else (),
    )


def _given(made: Comparison, network: int, name: str, label: str) -> Given:
    place, package = made.found.first, made.sides[network].package
    assert place is not None
    assert package is not None
    first, last = place.sample, min(place.sample + AT_HAND, made.agreed.samples)
    population = package.model.graph.population(name)
    sizes = Sizes(made.agreed.sizes.steps, {name: population.neurons})
    samples = made.batches(first, last)[network].samples
    assert samples is not None
    batches, pair = made.batches(first, last), (network, 1 - network)
    spikes, wanted = (made.sides[k].trace(batches[k], sizes, False).spikes[name] for k in pair)
    other = made.sides[1 - network].package
    every = made.batches(0, min(OTHERS, made.agreed.samples))[network].samples
    assert every is not None
    given = Given(
        package.model,
        population,
        spikes,
        wanted,
        spikes,
        first,
        samples,
        None if other is None else other.model,
        label,
    )
    return replace(given, all=given.encoded(package.model, every))
