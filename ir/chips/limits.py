"""What of a network does not fit a chip, before any training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..diagnostics import Diagnostic
from ..graph import Projection
from ..integers.precision import Precision
from ..model import Model, weights_name
from ..verify.singles import not_single
from .candidate import Candidate, Find
from .neurons import (
    no_integrators,
    other_decays,
    other_outputs,
    other_resets,
    too_long_refractory,
    too_many_states,
)
from .table import CHIPS, Limit

IntArray = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit in words, and what finds of a network that it does not keep to it; None of one that
    others follow from. `is_of_weights`: it is one of the codes of weights, once there are some."""

    summary: str
    find: Find | None = None
    is_of_weights: bool = False


def misfits(model: Model, chip: str, precision: Precision | None = None) -> tuple[Diagnostic, ...]:
    """All that does not fit the chip of that name, before there are weights; of a model without
    wirings, but for what these show."""
    network = Candidate(model, chip, precision or Precision())
    several = not_single(model.graph, "E085", "integers take")
    return (*several, *no_integrators(network), *_found(network, is_of_weights=False))


def misfits_of_weights(integers: Model, chip: str) -> tuple[Diagnostic, ...]:
    """What of the codes of weights does not fit."""
    return _found(Candidate(integers, chip, Precision()), is_of_weights=True)


def _found(network: Candidate, is_of_weights: bool) -> tuple[Diagnostic, ...]:
    found: list[Diagnostic] = []
    for name, limit in CHIPS[network.chip].limits.items():
        row = LIMITS[name]
        if row.find is not None and row.is_of_weights == is_of_weights:
            found += row.find(network, limit)
    return tuple(found)


# ---- counts


def _counted(what: str, way_out: str, *roles: str) -> Find:
    def find(network: Candidate, most: int) -> Iterator[Diagnostic]:
        populations = network.of(*roles)
        count = sum(p.neurons for p in populations)
        if count > most:
            largest = max(populations, key=lambda p: p.neurons)
            yield network.misfit(
                f"{count} {what}, and `{network.chip}` has {most}: {count - most} too many",
                largest.span,
                way_out,
            )

    return find


def _fan_in(network: Candidate, most: int) -> Iterator[Diagnostic]:
    """Of each population the neuron with the most sources; of several projections from one
    population the largest counts, as they may share axons."""
    into = network.into()
    for population in network.neurons():
        count = _sources(network.model, into.get(population.name, []))
        if count > most:
            yield network.misfit(
                f"{count} neurons lead to one of `{population.name}`, and `{network.chip}` has "
                f"{most} axons a core: {count - most} too many",
                population.span,
                f"join fewer: `fixed_fan_in(k = {most})`, or a layer between them",
            )


def _sources(model: Model, into: Sequence[Projection]) -> int:
    """The neurons that lead to one neuron, the most of any; none where nothing is wired."""
    by_pre: dict[str, IntArray] = {}
    for projection in into:
        if projection.name in model.wirings:
            own = model.wirings[projection.name].fan_in()
            by_pre[projection.pre] = np.maximum(own, by_pre.get(projection.pre, 0))
    return int(np.sum(list(by_pre.values()), axis=0).max(initial=0)) if by_pre else 0


def _synapse_bytes(network: Candidate, most: int) -> Iterator[Diagnostic]:
    wirings, precision = network.model.wirings, network.precision
    bits = {name: w.synapses * precision.weight(name).bits for name, w in wirings.items()}
    size = -(-sum(bits.values()) // 8)
    if size > most:
        largest = max(bits, key=lambda name: bits[name])
        (span,) = (p.span for p in network.model.graph.projections if p.name == largest)
        message = f"the weights take {size} bytes, and `{network.chip}` has {most} for synapses"
        yield network.misfit(message, span, "join fewer neurons, or take fewer bits a weight")


# ---- projections


def _delay(network: Candidate, allowed: Any) -> Iterator[Diagnostic]:
    """What an input sends can be sent later, so that it needs no least delay."""
    inputs = {p.name for p in network.of("input")}
    low, high, later = int(allowed.low), int(allowed.high), network.precision.extra_delay
    dt = network.model.graph.dt
    for projection in network.model.graph.projections:
        least = 0 if projection.pre in inputs else low
        delay = projection.delay + later
        if least <= delay <= high:
            continue
        apart = max(least - delay, delay - high)
        nearest = max(0, (least if delay < least else high) - later) * dt
        yield network.misfit(
            f"`{projection.name}` has a delay of {delay} steps, and `{network.chip}` "
            f"has {least} to {high}: {apart} too {'few' if delay < least else 'many'}",
            projection.span,
            f"write `delay {nearest:g} ms`",
        )


# ---- weights


def _codes(model: Model, projection: Projection) -> tuple[IntArray, IntArray, IntArray]:
    """Pre and post neuron and the code of every synapse that has one but 0."""
    wiring = model.wirings[projection.name]
    codes = model.values[weights_name(projection.name)].array.ravel()[wiring.places()]
    pre, post = wiring.pairs()
    return pre[codes != 0], post[codes != 0], codes[codes != 0].astype(np.int64)


def _values(network: Candidate, most: int) -> Iterator[Diagnostic]:
    into = network.into()
    for population in network.neurons():
        found = [_codes(network.model, p) for p in into.get(population.name, [])]
        pairs = [np.stack((post, codes)) for _, post, codes in found]
        if not pairs:
            continue
        post, _ = np.unique(np.concatenate(pairs, axis=1), axis=1)
        counts = np.bincount(post.astype(np.int64), minlength=population.neurons)
        if counts.max(initial=0) > most:
            neuron, count = int(counts.argmax()), int(counts.max())
            yield network.misfit(
                f"neuron {neuron} of `{population.name}` has weights of {count} values, and one of "
                f"`{network.chip}` has {most}: {count - most} too many",
                population.span,
                "take fewer axon types, or 2 bits a weight, which has 1 and -1",
            )


def _signs(network: Candidate, _: Any) -> Iterator[Diagnostic]:
    out_of = network.out_of()
    for population in network.model.graph.populations:
        out = [_codes(network.model, p) for p in out_of.get(population.name, [])]
        if not out:
            continue
        pre, codes = np.concatenate([o[0] for o in out]), np.concatenate([o[2] for o in out])
        both = np.intersect1d(pre[codes > 0], pre[codes < 0])
        if both.size:
            yield network.misfit(
                f"{len(both)} neurons of `{population.name}` have weights of both signs, the first "
                f"is {both[0]}, and one of `{network.chip}` has one",
                population.span,
                "train with weights of one sign by sender, such as populations that excite and "
                "others that inhibit",
            )


_FEWER = "take fewer, or another chip: `snncc targets --limits`"
LIMITS: dict[str, LimitRow] = {
    "cores": LimitRow("cores of a chip"),
    "neurons_a_core": LimitRow("neurons of a core"),
    "neurons": LimitRow("neurons of all cores", _counted("neurons", _FEWER, "hidden", "output")),
    "inputs": LimitRow("neurons of inputs", _counted("inputs", _FEWER, "input")),
    "hidden": LimitRow("hidden neurons", _counted("hidden neurons", _FEWER, "hidden")),
    "outputs": LimitRow("neurons of outputs", _counted("outputs", _FEWER, "output")),
    "neurons_and_inputs": LimitRow(
        "neurons and inputs together",
        _counted("neurons and inputs", _FEWER, "input", "hidden", "output"),
    ),
    "fan_in": LimitRow("neurons that lead to one: axons of a core", _fan_in),
    "synapse_bytes": LimitRow("bytes of weights, of all cores", _synapse_bytes),
    "values": LimitRow("values of the weights into a neuron, 0 aside", _values, True),
    "signs": LimitRow("signs of the weights that a neuron sends by", _signs, True),
    "states": LimitRow("states of a neuron, synaptic currents among them", too_many_states),
    "keeps": LimitRow("what a step keeps of a state", other_decays),
    "delay": LimitRow("steps of a delay; from inputs any below", _delay),
    "refractory": LimitRow("refractory steps", too_long_refractory),
    "resets": LimitRow("what a spike does to the membrane", other_resets),
    "outputs_are": LimitRow("by what an output is read", other_outputs),
}


def in_words(limit: Limit) -> str:
    """A limit as tables show it."""
    return " or ".join(limit) if isinstance(limit, tuple) else str(limit)
