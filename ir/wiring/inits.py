"""Initial weights: each function returns float64 of the wiring's weight shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..calls import expression, number, text
from ..expr import evaluate, names
from ..graph import Projection
from .arguments import refuse
from .kinds import Windows, Wiring, order_of
from .liquid import inhibits
from .pairs import listed_pairs

Tensors = Mapping[str, npt.NDArray[Any]]
Weights = npt.NDArray[np.float64]


def uniform(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """Uniform in [low, high)."""
    low, high = number(projection.init, "low"), number(projection.init, "high")
    if not low <= high:
        raise refuse(projection, f"`uniform` from {low:g} to {high:g} is empty", "swap the two")
    return low + (high - low) * generator.random(wiring.weight_shape)


def normal(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """Normal with the given mean and standard deviation."""
    sd = number(projection.init, "sd")
    return number(projection.init, "mean") + sd * generator.standard_normal(wiring.weight_shape)


def constant(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """One value everywhere."""
    return np.full(wiring.weight_shape, number(projection.init, "value"))


def kaiming(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """Normal with sd = gain / sqrt(fan-in), the fan-in that of the post neuron."""
    gain = number(projection.init, "gain")
    drawn = generator.standard_normal(wiring.weight_shape)
    return gain * drawn / np.sqrt(wiring.fan_in_of_weights())


def dale(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """The magnitude from pre neurons that excite, minus it from those that inhibit, as a reservoir
    drew them from the same `generator` (Zhang & Li 2019, their code of the published log)."""
    call = projection.connectivity
    if call.kind != "liquid":
        raise refuse(
            projection,
            f"`dale` asks which neurons inhibit, and `{call.kind}` does not say",
            "wire it by `liquid`, or write `init = expression(…)` of i",
        )
    sign = np.where(inhibits(call, wiring.pre_neurons, generator), -1.0, 1.0)
    pre, _ = wiring.pairs()
    return (number(projection.init, "magnitude") * sign[pre]).reshape(wiring.weight_shape)


def by_expression(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """A function of the flat indices i (pre) and j (post) of every synapse."""
    value = expression(projection.init, "value")
    unknown = sorted(names(value) - {"i", "j"})
    if unknown:
        raise refuse(projection, f"the weight reads `{unknown[0]}`; it may read i and j only")
    if isinstance(wiring, Windows):
        raise refuse(
            projection,
            f"weights of `{projection.connectivity.kind}` are shared by many pairs (i, j)",
            "use another init, such as `uniform(-1, 1)` or `constant(1)`",
        )
    pre, post = wiring.pairs()
    where = {"i": pre.astype(np.float64), "j": post.astype(np.float64)}
    with np.errstate(all="ignore"):
        weights = np.broadcast_to(evaluate(value, where, np.float64), pre.shape)
    return weights.astype(np.float64).reshape(wiring.weight_shape)


def given(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Weights:
    """The tensor that the program names; of a `list`, in the order of the list."""
    name = text(projection.init, "tensor")
    if name not in tensors:
        raise refuse(projection, f"the weights `{name}` are missing")
    tensor = np.asarray(tensors[name])
    if tensor.shape != wiring.weight_shape:
        raise refuse(
            projection,
            f"the weights `{name}` have shape {list(tensor.shape)}, but `{projection.name}` "
            f"needs {list(wiring.weight_shape)}",
            code="E040",
        )
    if projection.connectivity.kind == "list":
        pairs = listed_pairs(projection)
        tensor = tensor[order_of(pairs[:, 0], pairs[:, 1])]
    return tensor.astype(np.float64)
