"""Initial weights. Each function returns what gives them, float64, span by span: of flat weights,
and asked for in their order, so that no more than a span is held at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..calls import expression, number, text
from ..expr import evaluate, names
from ..graph import Projection
from .arguments import refuse
from .kinds import Listed, Windows, Wiring, order_of
from .liquid import inhibits
from .pairs import listed_pairs
from .slices import within_slices

Tensors = Mapping[str, npt.NDArray[Any]]
Weights = npt.NDArray[np.float64]
Part = Callable[[slice], Weights]


def uniform(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """Uniform in [low, high)."""
    low, high = number(projection.init, "low"), number(projection.init, "high")
    if not low <= high:
        raise refuse(projection, f"`uniform` from {low:g} to {high:g} is empty", "swap the two")
    return lambda span: low + (high - low) * generator.random(span.stop - span.start)


def normal(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """Normal with the given mean and standard deviation."""
    mean, sd = number(projection.init, "mean"), number(projection.init, "sd")
    return lambda span: mean + sd * generator.standard_normal(span.stop - span.start)


def constant(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """One value everywhere."""
    value = number(projection.init, "value")
    return lambda span: np.full(span.stop - span.start, value)


def kaiming(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """Normal with sd = gain / sqrt(fan-in), the fan-in that of the post neuron."""
    gain, roots = number(projection.init, "gain"), np.sqrt(wiring.fan_in_of_weights())

    def part(span: slice) -> Weights:
        drawn = gain * generator.standard_normal(span.stop - span.start)
        fitting = roots[wiring.post[span]] if isinstance(wiring, Listed) else roots
        return np.asarray(drawn / fitting)

    return part


def dale(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """The magnitude from pre neurons that excite, minus it from those that inhibit, as a reservoir
    drew them from the same `generator` (Zhang & Li 2019, their code of the published log)."""
    call = projection.connectivity
    if call.kind != "liquid":
        raise refuse(
            projection,
            f"`dale` asks which neurons inhibit, and `{call.kind}` does not say",
            "wire it by `liquid`, or write `init = expression(…)` of i",
        )
    assert isinstance(wiring, Listed)
    first, end = projection.pre_slice or (0, wiring.pre_neurons)
    magnitude, pre = number(projection.init, "magnitude"), wiring.pre
    sign = np.where(inhibits(call, end - first, generator), -1.0, 1.0)
    return lambda span: magnitude * sign[pre[span] - first]


def by_expression(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
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

    def part(span: slice) -> Weights:
        ends = within_slices(projection, *wiring.ends(span))
        pre, post = (end.astype(np.float64) for end in ends)
        with np.errstate(all="ignore"):
            weights = evaluate(value, {"i": pre, "j": post}, np.float64)
        return np.broadcast_to(weights, pre.shape).astype(np.float64)

    return part


def given(
    projection: Projection, wiring: Wiring, generator: np.random.Generator, tensors: Tensors
) -> Part:
    """The tensor that the program names; of a `list`, in the order of the list."""
    name = text(projection.init, "tensor")
    if name not in tensors:
        raise refuse(projection, f"the weights `{name}` are missing")
    tensor = np.asarray(tensors[name])
    if projection.delays is not None or projection.is_sliced:
        tensor = tensor.reshape(-1)  # a list of all pairs, where a matrix is one
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
    flat = tensor.ravel()
    return lambda span: flat[span].astype(np.float64)
