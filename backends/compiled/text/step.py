"""The names and places of a neuron step's values in generated text, on every compiled backend."""

from __future__ import annotations

from ....ir.expr import Ref, walk
from ....ir.neuron import SPIKED, NeuronStep
from ....ir.types import DType
from .render import CASTS


def identifiers(step: NeuronStep) -> dict[str, str]:
    """Numbered identifiers for every name of a step; a user's names never reach the text."""
    made = {state.name: f"s{k}" for k, state in enumerate(step.states)}
    made |= {port: f"p{k}" for k, port in enumerate(step.ports)}
    made |= {constant: f"c{k}" for k, constant in enumerate(step.constants)}
    return made | {SPIKED: "spiked"}


def constant_casts(step: NeuronStep) -> dict[str, str]:
    """The cast of each constant: a counter's stays an integer, or its loop would not vectorize."""
    used = {
        node.name: node.dtype for e in step.expressions for node in walk(e) if isinstance(node, Ref)
    }
    types = {c: used.get(c, DType.F32) for c in step.constants}
    return {c: CASTS[t] for c, t in types.items() if isinstance(t, DType)}


def state_places(step: NeuronStep) -> dict[str, tuple[str, int]]:
    """Where each state lives: "reals" or "integers", and its row there."""
    counters = {"reals": 0, "integers": 0}
    places: dict[str, tuple[str, int]] = {}
    for state in step.states:
        array = "integers" if state.dtype is DType.I32 else "reals"
        places[state.name] = array, counters[array]
        counters[array] += 1
    return places
