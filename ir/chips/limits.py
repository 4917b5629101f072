"""What of a network does not fit a chip, before any training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..analysis.affine import affine_map
from ..analysis.refractory import refractory_steps
from ..analysis.reset import ResetKind, resets
from ..diagnostics import Diagnostic, Span
from ..expr import names
from ..graph import Population
from ..integers.precision import Precision
from ..model import Model
from ..rules import emitters, sends_numbers
from ..types import DType
from .table import CHIPS, Limit


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    """A model after the passes, maybe without wirings, and the chip that it is to fit."""

    model: Model
    chip: str
    precision: Precision

    def of(self, *roles: str) -> list[Population]:
        """The populations of these roles."""
        return [p for p in self.model.graph.populations if p.role in roles]

    def neurons(self) -> list[Population]:
        """The populations of neurons, which have a step."""
        return [p for p in self.model.graph.populations if p.step is not None]

    def misfit(self, message: str, span: Span | None, way_out: str) -> Diagnostic:
        """E085: `message` says what there is, and what the chip has."""
        return Diagnostic("E085", message, span, help=way_out)


Find = Callable[[_Network, Any], Iterable[Diagnostic]]


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit in words, and what finds of a network that it does not keep to it; None of one that
    others follow from."""

    summary: str
    find: Find | None = None


def misfits(model: Model, chip: str, precision: Precision | None = None) -> tuple[Diagnostic, ...]:
    """All that does not fit the chip of that name; of a model without wirings, but for what these
    show."""
    network = _Network(model, chip, precision or Precision())
    found = list(_no_integrators(network))
    for name, limit in CHIPS[chip].limits.items():
        find = LIMITS[name].find
        found += () if find is None else find(network, limit)
    return tuple(found)


# ---- counts


def _counted(what: str, way_out: str, *roles: str) -> Find:
    def find(network: _Network, most: int) -> Iterator[Diagnostic]:
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


def _fan_in(network: _Network, most: int) -> Iterator[Diagnostic]:
    """Of each population the neuron with the most sources; of several projections from one
    population the largest counts, as they may share axons."""
    graph, wirings = network.model.graph, network.model.wirings
    for population in network.neurons():
        by_source: dict[str, Any] = {}
        for projection in graph.projections:
            if projection.post == population.name and projection.name in wirings:
                own = wirings[projection.name].fan_in()
                before = by_source.get(projection.pre, np.zeros_like(own))
                by_source[projection.pre] = np.maximum(before, own)
        count = max((int(sum(by_source.values()).max(initial=0)),), default=0) if by_source else 0
        if count > most:
            yield network.misfit(
                f"{count} neurons lead to one of `{population.name}`, and `{network.chip}` has "
                f"{most} axons a core: {count - most} too many",
                population.span,
                f"join fewer: `fixed_fan_in(k = {most})`, or a layer between them",
            )


def _synapse_bytes(network: _Network, most: int) -> Iterator[Diagnostic]:
    wirings, precision = network.model.wirings, network.precision
    bits = {name: w.synapses * precision.weight(name).bits for name, w in wirings.items()}
    size = -(-sum(bits.values()) // 8)
    if size > most:
        largest = max(bits, key=lambda name: bits[name])
        (span,) = (p.span for p in network.model.graph.projections if p.name == largest)
        message = f"the weights take {size} bytes, and `{network.chip}` has {most} for synapses"
        yield network.misfit(message, span, "join fewer neurons, or take fewer bits a weight")


# ---- projections


def _delay(network: _Network, allowed: Any) -> Iterator[Diagnostic]:
    """What an input sends can be sent later, so that it needs no least delay."""
    inputs = {p.name for p in network.of("input")}
    low, high = int(allowed.low), int(allowed.high)
    dt = network.model.graph.dt
    for projection in network.model.graph.projections:
        least = 0 if projection.pre in inputs else low
        if least <= projection.delay <= high:
            continue
        apart = max(least - projection.delay, projection.delay - high)
        nearest = (least if projection.delay < least else high) * dt
        yield network.misfit(
            f"`{projection.name}` has a delay of {projection.delay} steps, and `{network.chip}` "
            f"has {least} to {high}: {apart} too {'few' if projection.delay < least else 'many'}",
            projection.span,
            f"write `delay {nearest:g} ms`",
        )


# ---- neurons


def _no_integrators(network: _Network) -> Iterator[Diagnostic]:
    """What no chip of the table has: numbers in place of spikes, states that are no sums,
    thresholds that move."""
    graph = network.model.graph
    for population in (*(p for p in graph.populations if sends_numbers(p)), *emitters(graph)):
        message = f"`{population.name}` sends numbers, and `{network.chip}` sends spikes"
        yield network.misfit(message, population.span, "send spikes, such as `encode poisson(…)`")
    for population in network.neurons():
        problem = _no_integrator(population)
        if problem:
            message = f"`{population.name}` {problem}, and `{network.chip}` has integrators"
            way_out = "take a model whose step is a sum, compared with a constant, such as `stbp`"
            yield network.misfit(message, population.span, way_out)


def _no_integrator(population: Population) -> str:
    step = population.step
    assert step is not None
    rows = affine_map(population, step.decay, step.deliver, step.integrate)
    wrong = [state for state, row in rows.items() if row is None and state in _moving(population)]
    if wrong:
        return f"has a state `{wrong[0]}` that is no sum"
    if len(_tested(population)) > 1:
        return "has a threshold that moves"
    return ""


def _moving(population: Population) -> list[str]:
    """The states of the model that a step changes."""
    model, step = population.model, population.step
    assert model is not None
    assert step is not None
    return [s.name for s in model.states if s.dtype is not DType.I32 and s.name not in step.still]


def _tested(population: Population) -> list[str]:
    """The states that the threshold reads."""
    assert population.step is not None
    condition = population.step.threshold
    read = frozenset[str]() if condition is None else names(condition)
    return [state for state in _moving(population) if state in read]


def _states(network: _Network, most: int) -> Iterator[Diagnostic]:
    for population in network.neurons():
        states = _moving(population)
        if len(states) > most:
            quoted = ", ".join(f"`{state}`" for state in states)
            yield network.misfit(
                f"a neuron of `{population.name}` has {len(states)} states ({quoted}), and one of "
                f"`{network.chip}` has {most}: {len(states) - most} too many",
                population.span,
                "take a model with fewer, such as `stbp`, which has no synaptic current"
                if most == 1
                else "take a model with fewer, such as `lif`",
            )


def _refractory(network: _Network, most: int) -> Iterator[Diagnostic]:
    for population in network.neurons():
        steps = refractory_steps(population)
        if steps > most:
            has = f"at most {most}" if most else "none"
            yield network.misfit(
                f"a neuron of `{population.name}` is refractory for {steps} steps, and "
                f"`{network.chip}` has {has}: {steps - most} too many",
                population.span,
                f"write `refractory = {most * network.model.graph.dt:g} ms`, or take a model "
                "without it",
            )


_RESETS = {"zero": "to zero", "value": "to a value", "subtract": "by subtraction"}


def _resets(network: _Network, allowed: Sequence[str]) -> Iterator[Diagnostic]:
    for population in network.neurons():
        tested = _tested(population)
        if not tested:
            continue
        has = f"`{network.chip}` resets {' or '.join(_RESETS[kind] for kind in allowed)}"
        after = f"{tested[0]} - v_th" if "zero" not in allowed else "0 mV"
        way_out = f"take a model with `on spike {{ {tested[0]} = {after} }}`"
        done = resets(population)
        if all(r.state not in tested for r in done):
            message = f"a spike of `{population.name}` resets nothing, and {has}"
            yield network.misfit(message, population.span, way_out)
        for reset in done:
            is_chips = reset.state in tested and reset.kind.name.lower() in allowed
            if not is_chips:
                message = f"a spike of `{population.name}` brings `{reset.state}` {reset}, and {has}"
                yield network.misfit(message, population.span, way_out)


def _keeps(network: _Network, allowed: Any) -> Iterator[Diagnostic]:
    for population in network.neurons():
        assert population.step is not None
        rows = affine_map(population, population.step.decay)
        for state in _moving(population):
            kept = (rows.get(state) or {}).get(state, 0.0)
            if kept not in allowed:
                least = network.model.graph.dt / (1.0 - allowed.low)
                yield network.misfit(
                    f"a step keeps {kept:.4g} of `{state}` of `{population.name}`, and "
                    f"`{network.chip}` keeps {allowed}",
                    population.span,
                    f"take a time constant of {least:g} ms at least",
                )


def _outputs_are(network: _Network, allowed: Sequence[str]) -> Iterator[Diagnostic]:
    for population in network.of("output"):
        assert population.model is not None
        kind = "spikes" if population.model.emit is None else "membranes"
        if kind not in allowed:
            other = "take a readout, such as `li`" if kind == "spikes" else "take a neuron, `lif`"
            message = f"`{population.name}` is read by its {kind}, and outputs of `{network.chip}`"
            yield network.misfit(
                f"{message} by their {' or '.join(allowed)}", population.span, other
            )


_FEWER = "take fewer, or another chip: `snncc targets --limits`"
LIMITS: dict[str, LimitRow] = {
    "cores": LimitRow("cores of a chip"),
    "neurons_a_core": LimitRow("neurons of a core"),
    "neurons": LimitRow(
        "neurons of all cores", _counted("neurons", _FEWER, "hidden", "output")
    ),
    "inputs": LimitRow("neurons of inputs", _counted("inputs", _FEWER, "input")),
    "hidden": LimitRow("hidden neurons", _counted("hidden neurons", _FEWER, "hidden")),
    "outputs": LimitRow("neurons of outputs", _counted("outputs", _FEWER, "output")),
    "neurons_and_inputs": LimitRow(
        "neurons and inputs together",
        _counted("neurons and inputs", _FEWER, "input", "hidden", "output"),
    ),
    "fan_in": LimitRow("neurons that lead to one: axons of a core", _fan_in),
    "synapse_bytes": LimitRow("bytes of weights, of all cores", _synapse_bytes),
    "states": LimitRow("states of a neuron, synaptic currents among them", _states),
    "keeps": LimitRow("what a step keeps of a state", _keeps),
    "delay": LimitRow("steps of a delay; from inputs any below", _delay),
    "refractory": LimitRow("refractory steps", _refractory),
    "resets": LimitRow("what a spike does to the membrane", _resets),
    "outputs_are": LimitRow("by what an output is read", _outputs_are),
}


def in_words(limit: Limit) -> str:
    """A limit as tables show it."""
    return " or ".join(limit) if isinstance(limit, tuple) else str(limit)
