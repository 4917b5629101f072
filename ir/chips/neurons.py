"""What of a network's neurons does not fit a chip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..analysis.affine import affine_map
from ..analysis.floors import without_floors
from ..analysis.refractory import refractory_steps
from ..analysis.reset import resets
from ..diagnostics import Diagnostic
from ..expr import names
from ..graph import Population
from ..rules import emitters, sends_numbers
from ..types import DType
from .candidate import Candidate


def no_integrators(network: Candidate) -> Iterator[Diagnostic]:
    """What no chip of the table has: numbers in place of spikes, states that are no sums,
    thresholds that move."""
    graph = network.model.graph
    for population in (*(p for p in graph.populations if sends_numbers(p)), *emitters(graph)):
        message = f"`{population.name}` sends numbers, and `{network.chip}` sends spikes"
        yield network.misfit(message, population.span, "send spikes, such as `encode poisson(…)`")
    for population in network.neurons():
        problem = _no_integrator(population, network.precision.floor is not None)
        if problem:
            message = f"`{population.name}` {problem}, and `{network.chip}` has integrators"
            way_out = "take a model whose step is a sum, compared with a constant, such as `stbp`"
            yield network.misfit(message, population.span, way_out)


def _no_integrator(population: Population, has_floor: bool) -> str:
    step = population.step
    assert step is not None
    integrate = without_floors(population, step.integrate) if has_floor else step.integrate
    rows = affine_map(population, step.decay, step.deliver, integrate)
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


def too_many_states(network: Candidate, most: int) -> Iterator[Diagnostic]:
    """Neurons with more states than the chip's."""
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


def too_long_refractory(network: Candidate, most: int) -> Iterator[Diagnostic]:
    """Neurons that are held longer after a spike."""
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


def other_resets(network: Candidate, allowed: Sequence[str]) -> Iterator[Diagnostic]:
    """Neurons whose spike does something else to their states."""
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
                message = (
                    f"a spike of `{population.name}` brings `{reset.state}` {reset}, and {has}"
                )
                yield network.misfit(message, population.span, way_out)


def other_decays(network: Candidate, allowed: Any) -> Iterator[Diagnostic]:
    """States of which a step keeps less or more."""
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


def other_outputs(network: Candidate, allowed: Sequence[str]) -> Iterator[Diagnostic]:
    """Outputs that are read in another way."""
    for population in network.of("output"):
        assert population.model is not None
        kind = "spikes" if population.model.emit is None else "membranes"
        if kind not in allowed:
            other = "take a readout, such as `li`" if kind == "spikes" else "take a neuron, `lif`"
            message = f"`{population.name}` is read by its {kind}, and outputs of `{network.chip}`"
            yield network.misfit(
                f"{message} by their {' or '.join(allowed)}", population.span, other
            )
