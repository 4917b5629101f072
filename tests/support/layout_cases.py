"""Networks on cores: assigned at random, and their inputs."""

import numpy as np

from snncc.backends.layout.build import build
from snncc.backends.layout.image import Layout
from snncc.backends.layout.numbering import Numbering
from snncc.backends.mapping.limits import Mesh
from snncc.ir.model import Model
from snncc.ir.rules import sends_numbers

STEPS = 40


def scattered(model: Model, seed: int, cores: int = 4) -> Layout:
    """The model with each neuron on a core drawn at random."""
    draw = np.random.default_rng(seed)
    neurons = Numbering.of(model.graph).neurons
    slot = draw.permutation(3 * 2 * 2)[:cores]
    return build(model, "generic", Mesh(3, 2, 2), draw.integers(0, cores, neurons), slot)


def drawn_inputs(model: Model, seed: int, batch: int = 2) -> dict[str, np.ndarray]:
    """Spikes, or codes, of the inputs of a model."""
    draw = np.random.default_rng(seed)
    made = {}
    for p in model.graph.populations:
        if p.role != "input":
            continue
        size = STEPS, batch, p.neurons
        if sends_numbers(p):
            numbers = draw.integers(-5, 9, size[1:])
            made[p.name] = np.broadcast_to(numbers, size).copy()
        else:
            made[p.name] = draw.random(size) < 0.3
    return made
