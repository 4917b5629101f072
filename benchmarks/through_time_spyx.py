"""A recurrent network in Spyx 1.0, on a CPU, by what its own manual tells one to write.

Layers of `spyx.nn` in a `Sequential`, `spyx.nn.run`, and `spyx.optimize.make_train_step` with
optax's Adam: one function that XLA compiles, a scan over the steps. The curve is ours, the leaks do
not learn, and spikes of the inputs are drawn anew for every batch, within the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax
import spyx
from flax import nnx

Array = npt.NDArray[Any]
KEEP, WIDTH = 0.95, 2.0
PLACES = {  # of a projection's weights: the layer, the field
    "x->h1": (0, "kernel"),
    "h1->h2": (2, "kernel"),
    "h2->h2": (3, "recurrent_w"),
    "h2->y": (4, "kernel"),
}


class Fixed(nnx.Variable):
    """A number that does not learn."""


def arctan(m: Any) -> Any:
    """(1/a) / (1 + (pi m / a)^2)."""
    return 1.0 / (WIDTH * (1.0 + (jnp.pi * m / WIDTH) ** 2))


def cost(model: Any, x: Any, labels: Any) -> Any:
    """The mean cross-entropy of the readouts' mean potentials, for spikes x [T, B, inputs]."""
    traces, _ = spyx.nn.run(model, x)
    scores = traces.mean(axis=0)
    return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()


class Recurrent:
    """x -> h1 -> h2 -> h2, h2 -> y: two layers that leak, the second recurrent, leaky readouts."""

    def __init__(self, weights: Mapping[str, Array], steps: int, rate: float, threads: int) -> None:
        del threads  # XLA takes what there are
        self.steps = steps
        rngs, curve = nnx.Rngs(0), spyx.axn.custom(arctan)
        sizes = [weights[name].shape for name in PLACES]
        (inputs, first), (_, second), _, (_, outputs) = sizes
        self.model = spyx.nn.Sequential(
            nnx.Linear(inputs, first, use_bias=False, rngs=rngs),
            spyx.nn.LIF((first,), KEEP, activation=curve, rngs=rngs),
            nnx.Linear(first, second, use_bias=False, rngs=rngs),
            spyx.nn.RLIF((second,), KEEP, activation=curve, rngs=rngs),
            nnx.Linear(second, outputs, use_bias=False, rngs=rngs),
            spyx.nn.LI((outputs,), KEEP, rngs=rngs),
        )
        for layer in self.model.layers[1::2]:
            layer.beta = Fixed(jnp.full((), KEEP))
        for name, (k, field) in PLACES.items():
            getattr(self.model.layers[k], field)[...] = jnp.asarray(weights[name])
        self.optimizer = nnx.Optimizer(self.model, optax.adam(rate), wrt=nnx.Param)

    def sums(self, sent: Array, labels: Array) -> dict[str, Array]:
        """The gradients of a batch, summed, for spikes [T, B, inputs]."""
        found = nnx.grad(cost)(self.model, jnp.asarray(sent), jnp.asarray(labels))
        layers = found["layers"]
        return {
            n: len(labels) * np.asarray(layers[k][field][...]) for n, (k, field) in PLACES.items()
        }

    def learner(self, values: Array, labels: Array, batch: int) -> Callable[[], None]:
        """What learns from all samples once, an update a batch."""
        seeds = count()
        starts = range(0, len(values), batch)
        pieces = [
            (jnp.asarray(values[k : k + batch]), jnp.asarray(labels[k : k + batch])) for k in starts
        ]

        def drawn(model: Any, given: Any, wanted: Any, key: Any) -> Any:
            shape = (self.steps, *given.shape)
            return cost(model, jax.random.bernoulli(key, given, shape).astype(given.dtype), wanted)

        step = spyx.optimize.make_train_step(drawn)

        def learn() -> None:
            for given, wanted in pieces:
                key = jax.random.key(next(seeds))
                step(self.model, self.optimizer, given, wanted, key).block_until_ready()

        return learn
