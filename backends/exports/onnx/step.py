"""One step of a network as an ONNX model: what it keeps goes in and comes out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from onnx import ModelProto

from ....ir.graph import Population
from ....ir.model import Model
from ....ir.passes.pipeline import run_model_passes
from ....ir.rules import sends_numbers
from .expressions import Scopes
from .form import OLD, Pair, made, metadata
from .network import KINDS, Network, Region, kept
from .neurons import Done, kind_of, require_written
from .nodes import described
from .sums import pushed


def step_model(
    model: Model, digest: str, every_spike: bool = False, pair: Pair = OLD
) -> ModelProto:
    """A step of a network, of floats in float32; `digest` is that of its graph.

    Inputs: `spikes` uint8 [B, inputs], 0 or 1, the input populations side by side in graph order;
    `numbers` int32 [B, numbers], if there are inputs that send these;
    `h.v` int32 (of floats float32) [B, N] for each state v of a population h, which starts where
    the metadata say; and
    `h.spikes.past` uint8 [D, B, N], the spikes of the last D steps of a population that sends up to
    D steps late, the last at its end, 0 at first, or `h.sent.past` int32, its numbers. Outputs:
    `y.spikes` uint8 [B, N] of the output y, or of all populations for `every_spike`, and what the
    next step takes, each under its name with `.next`. CompileError(E071, E075) for a network that
    these cannot say.
    """
    model = run_model_passes(model)
    require_written(model.graph)
    network = Network(model, 0)
    now = network.taken("B")
    rings = _rings(network)
    for population, state in kept(network.order):
        name = f"{population.name}.{state.name}"
        network.ends.inputs.append(described(name, kind_of(state), ["B", population.neurons]))
    region = Region(network, Scopes(network.nodes, network.nodes), {}, now, rings)
    done = _done(network, region)
    for population in network.order:
        is_shown = every_spike and not sends_numbers(population)
        if is_shown or population == network.output:
            name = f"{population.name}.spikes"
            network.shows(name, done[population.name][0], np.uint8, "B", population.neurons)
    _leave(network, done, rings, region.now)
    said = metadata(model, digest, {f"{p.name}.{s.name}": (p, s) for p, s in kept(network.order)})
    return made(model, network.nodes, network.ends, pair, said)


Stepped = dict[str, tuple[str, dict[str, str]]]  # the spikes and the states by population


def _rings(network: Network) -> dict[str, tuple[str, int]]:
    rings = {}
    for population in network.order:
        late = network.late(population.name, network.index)
        if late:
            is_number = network.is_number(population)
            name = f"{population.name}.{'sent' if is_number else 'spikes'}.past"
            rings[population.name] = name, late
            described_as = described(name, KINDS[is_number], [late, "B", population.neurons])
            network.ends.inputs.append(described_as)
    return rings


def _done(network: Network, region: Region) -> Stepped:
    done: Stepped = {name: (spikes, {}) for name, spikes in region.now.items()}
    for population in network.order:
        if population.step is not None:
            own = {s.name: f"{population.name}.{s.name}" for _, s in kept([population])}
            plain = {name: network.nodes.node("Identity", given) for name, given in own.items()}
            made = region.advance(population, plain)
            done[population.name] = region.fire(population, made), _full(region, population, made)
    return done


def _full(region: Region, population: Population, made: Done) -> dict[str, str]:
    return {name: region.full(value, population) for name, value in made.states.items()}


def _leave(
    network: Network, done: Stepped, rings: dict[str, tuple[str, int]], now: Mapping[str, str]
) -> None:
    """What the next step takes; `now` is what was sent in this one."""
    for population, state in kept(network.order):
        made = done[population.name][1][state.name]
        name = f"{population.name}.{state.name}.next"
        network.shows(name, made, kind_of(state), "B", population.neurons)
    for name, (ring, late) in rings.items():
        population = network.index[name]
        made, kind = (
            pushed(network.nodes, ring, late, now[name]),
            KINDS[network.is_number(population)],
        )
        network.shows(f"{ring}.next", made, kind, late, "B", population.neurons)
