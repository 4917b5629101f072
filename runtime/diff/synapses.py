"""Changes of what reaches a population: delays, signs, wiring, rounded weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Projection
from ...ir.model import value_name
from ...ir.wiring import AllPairs, Listed, Windows, Wiring
from .alone import SENT, Case, retyped
from .change import DELAY, ROUNDING, WEIGHTS, WIRING, Change

Array = npt.NDArray[Any]

BITS = range(2, 17)  # of a rounded weight


def delays(case: Case) -> Iterator[Change]:
    """A step more or less, of each projection, and of all that reach the population."""
    for p in case.projections:
        for delay in (p.delay + 1, p.delay - 1):
            if delay >= 0:
                said = f"a delay of {delay} in place of {p.delay} steps on `{p.name}`"
                yield Change(DELAY, said, case.with_projection(p.name, delay=delay))
    if len(case.projections) > 1:
        yield from _all_delays(case)


def _all_delays(case: Case) -> Iterator[Change]:
    graph = case.model.graph
    for more, said in ((1, "longer"), (-1, "shorter")):
        if min(p.delay for p in graph.projections) + more >= 0:
            later = tuple(replace(p, delay=p.delay + more) for p in graph.projections)
            model = replace(case.model, graph=replace(graph, projections=later))
            yield Change(DELAY, f"all incoming delays a step {said}", model)


def signs(case: Case) -> Iterator[Change]:
    """Of all weights of a projection swapped, or lost; the weights halved or doubled."""
    for p in case.projections:
        weights = case.model.weights(p.name)
        some = bool((weights < 0).any())
        yield _weighing(case, p, "the signs of all weights of `{}` swapped", -weights)
        if some and (weights > 0).any():
            yield _weighing(case, p, "no signs on the weights of `{}`", np.abs(weights))
        yield _weighing(case, p, "half the weights of `{}`", weights / 2)
        yield _weighing(case, p, "twice the weights of `{}`", weights * 2)


def _weighing(case: Case, projection: Projection, said: str, weights: Array) -> Change:
    model = case.with_weights({projection.name: weights})
    return Change(WEIGHTS, said.format(projection.name), model)


def one_synapse(case: Case) -> Iterator[Change]:
    """Of the first neuron that fires otherwise: each synapse with its sign swapped, or without it,
    and of these the best one. Copies of the neuron, one a synapse, are replayed at once."""
    wrong = case.replayed(case.model).spikes[case.population.name] != case.wanted
    neurons = np.flatnonzero(wrong.any(axis=(0, 1)))
    for p in case.projections if len(neurons) else ():
        if not isinstance(case.model.wirings[p.name], Windows):
            for factor, said in ((-1.0, "its sign swapped"), (0.0, "no weight")):
                yield from _best_synapse(case, p, int(neurons[0]), factor, said)


def _best_synapse(
    case: Case, projection: Projection, neuron: int, factor: float, said: str
) -> Iterator[Change]:
    name, wiring = projection.name, case.model.wirings[projection.name]
    pre, post = wiring.pairs()
    own = np.flatnonzero((post == neuron) & (case.model.weights(name).ravel() != 0))
    if not len(own):
        return
    copies = _copies(case, neuron, len(own))
    weights = copies.model.weights(name).astype(np.float64)
    weights.reshape(wiring.pre_neurons, -1)[pre[own], np.arange(len(own))] *= factor
    made = copies.replayed(copies.with_weights({name: weights}))
    wrong = (made.spikes[case.population.name] != copies.wanted).sum(axis=(0, 1))
    best = own[int(wrong.argmin())]
    changed = case.model.weights(name).astype(np.float64)
    changed.ravel()[best] *= factor
    ends = f"from neuron {pre[best]} of `{projection.pre.removesuffix(SENT)}` to neuron {neuron}"
    yield Change(WEIGHTS, f"{said} on the synapse {ends}", case.with_weights({name: changed}))


def _copies(case: Case, neuron: int, count: int) -> Case:
    """As many copies of a neuron in place of the population."""
    model, name = case.settled, case.population.name
    wirings: dict[str, Wiring] = {}
    values = dict(model.values)
    for key, value in values.items():
        if value.array.shape and key.startswith(value_name(name, "")):
            values[key] = replace(value, array=np.repeat(value.array[neuron], count))
    weights = {}
    for p in case.projections:
        wiring = model.wirings[p.name]
        wirings[p.name] = AllPairs(wiring.pre_neurons, count)
        pre, post = wiring.pairs()
        column = np.zeros(wiring.pre_neurons)
        into = post == neuron
        np.add.at(column, pre[into], model.weights(p.name).ravel()[wiring.places()[into]])
        weights[p.name] = np.repeat(column[:, None], count, axis=1)
    made = retyped(replace(model, wirings=wirings, values=values), weights)
    graph = made.graph
    populations = tuple(
        replace(p, shape=(count,)) if p.name == name else p for p in graph.populations
    )
    made = replace(made, graph=replace(graph, populations=populations))
    wanted = np.repeat(case.wanted[:, :, neuron, None], count, axis=2)
    return replace(case, model=made, wanted=wanted, states={})


def wirings(case: Case) -> Iterator[Change]:
    """A projection left out, transposed, its kernel turned, or its neurons counted from 1."""
    for p in case.projections:
        name, wiring, weights = p.name, case.model.wirings[p.name], case.model.weights(p.name)
        yield Change(WIRING, f"`{name}` left out", case.without(name))
        if isinstance(wiring, Windows):
            if not wiring.is_pool:
                turned = np.ascontiguousarray(weights[..., ::-1, ::-1])
                yield Change(
                    WIRING, f"the kernel of `{name}` turned", case.with_weights({name: turned})
                )
            continue
        for said, pairs in _permuted(wiring).items():
            yield Change(WIRING, said.format(name), _joined(case, name, wiring, *pairs, weights))


def _permuted(wiring: AllPairs | Listed) -> dict[str, tuple[Array, Array]]:
    """Other ends for each synapse of a wiring."""
    pre, post = wiring.pairs()
    found = {
        "`{}` from the neuron after": ((pre + 1) % wiring.pre_neurons, post),
        "`{}` from the neuron before": ((pre - 1) % wiring.pre_neurons, post),
        "`{}` to the neuron after": (pre, (post + 1) % wiring.post_neurons),
        "`{}` to the neuron before": (pre, (post - 1) % wiring.post_neurons),
    }
    if wiring.pre_neurons == wiring.post_neurons:
        return {"the weights of `{}` transposed": (post, pre), **found}
    if isinstance(wiring, AllPairs):
        # Read in the other order: [post, pre] in place of [pre, post].
        place = np.arange(wiring.synapses)
        sizes = wiring.pre_neurons, wiring.post_neurons
        other = place % sizes[0], place // sizes[0]
        return {"the weights of `{}` read as [post, pre]": other, **found}
    return found


def _joined(case: Case, name: str, wiring: Wiring, pre: Array, post: Array, weights: Array) -> Any:
    order = np.lexsort((post, pre))
    flat = weights.ravel()[order]
    if isinstance(wiring, AllPairs):
        return case.with_weights({name: flat.reshape(weights.shape)})
    ends = (np.ascontiguousarray(end[order], np.int32) for end in (pre, post))
    return case.with_wiring(name, Listed(wiring.pre_neurons, wiring.post_neurons, *ends), flat)


def rounded_weights(case: Case) -> Iterator[Change]:
    """All weights that reach the population rounded to so many bits, with one unit for a neuron, a
    projection's neuron, a projection or the population; and those of each projection alone."""
    for bits in reversed(BITS):
        most = 2 ** (bits - 1) - 1
        for said, unit in UNITS.items():
            made = {
                p.name: _rounded(case, p.name, unit(case, p.name) / most) for p in case.projections
            }
            words = f"the weights rounded to {bits} bits, {said}"
            if len(made) > 1 or said in SINGLE:
                yield Change(ROUNDING, words, case.with_weights(made))
            for name in made if len(made) > 1 and said in SINGLE else ():
                words = f"the weights of `{name}` rounded to {bits} bits, {said}"
                yield Change(ROUNDING, words, case.with_weights({name: made[name]}))


def _rounded(case: Case, name: str, units: Array) -> Array:
    """The weights as whole multiples of their units, which are by post neuron."""
    wiring, weights = case.model.wirings[name], case.model.weights(name).astype(np.float64)
    each = by_weight(wiring, units)
    with np.errstate(all="ignore"):
        found = np.where(each > 0, np.round(weights / each) * each, weights)
    return np.asarray(found, np.float32)


def by_weight(wiring: Wiring, units: Array) -> Array:
    """The units of post neurons, in the shape of the weights."""
    if isinstance(wiring, AllPairs):
        return units[None, :]
    if isinstance(wiring, Listed):
        return np.asarray(units[wiring.post])
    largest = np.zeros(int(np.prod(wiring.weight_shape)))
    np.maximum.at(largest, wiring.places(), units[wiring.pairs()[1]])
    return largest.reshape(wiring.weight_shape)


def _largest(case: Case, name: str) -> Array:
    """The largest |weight| that reaches each neuron through a projection."""
    wiring, weights = case.model.wirings[name], np.abs(case.model.weights(name)).astype(np.float64)
    if isinstance(wiring, AllPairs):
        return np.asarray(weights.max(axis=0, initial=0.0))
    found = np.zeros(wiring.post_neurons)
    np.maximum.at(found, wiring.pairs()[1], weights.ravel()[wiring.places()])
    return found


def _of_all(case: Case) -> Array:
    return np.asarray(np.max([_largest(case, p.name) for p in case.projections], axis=0))


def _alike(units: Array) -> Array:
    return np.full(len(units), units.max(initial=0.0))


# What a weight of the largest code is, by post neuron.
UNITS: dict[str, Callable[[Case, str], Array]] = {
    "one unit a projection": lambda case, name: _alike(_largest(case, name)),
    "one unit a neuron of a projection": _largest,
    "one unit a neuron": lambda case, name: _of_all(case),
    "one unit for all": lambda case, name: _alike(_of_all(case)),
}
# Of these one projection may be rounded by itself.
SINGLE = tuple(UNITS)[:2]
