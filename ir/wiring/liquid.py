"""The distance-dependent reservoir wiring of ST-RSBP (Zhang & Li 2019)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..calls import dimensions, number, text
from ..graph import Call, Projection
from ..types import Shape, size
from .arguments import refuse, require_equal_sizes
from .kinds import Listed, sorted_pairs
from .pairs import check_looked_at, slabs
from .streams import Streams

# Probability at distance 0 for pre x post, excitatory first; multiplied by `density`.
BASE_PROBABILITY = np.array([[0.3, 0.2], [0.4, 0.1]])


def inhibits(call: Call, neurons: int, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """bool [neurons]: which neurons of a reservoir inhibit, the first that is drawn of it."""
    return generator.random(neurons) < number(call, "inhibitory")


def check_liquid(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E042 unless the grid has a place for each neuron."""
    call = projection.connectivity
    require_equal_sizes(projection, pre_shape, post_shape)
    check_looked_at(projection, pre_shape, post_shape)
    grid = dimensions(call, "grid")
    if not grid or min(grid) < 1 or size(grid) != size(pre_shape):
        extents = " x ".join(map(str, grid))
        raise refuse(
            projection,
            f"the grid {extents} has {size(grid)} places, but `{projection.post}` has "
            f"{size(post_shape)} neurons",
            "choose a grid whose product is the number of neurons",
        )


def liquid(projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams) -> Listed:
    """Synapse i -> j with probability density * base(type i, type j) * exp(-(dist / lambda)^2).

    "paper" keeps the synapses whose pre neuron is not below the post neuron in any coordinate,
    as the unsigned differences of the authors' code do; "symmetric" keeps all.
    """
    call = projection.connectivity
    grid = dimensions(call, "grid")
    neurons = size(grid)
    place = np.unravel_index(np.arange(neurons), grid)
    kernels = _axis_kernels(grid, number(call, "lambda"), text(call, "wiring") == "paper")
    generator = streams.generator()
    kinds = inhibits(call, neurons, generator).astype(np.int64)
    base = number(call, "density") * BASE_PROBABILITY
    found = []
    for first, last in slabs(neurons, neurons):
        probability = base[kinds[first:last, None], kinds[None, :]]
        for kernel, along in zip(kernels, place, strict=True):
            probability *= kernel[along[first:last, None], along[None, :]]
        rows, columns = np.nonzero(generator.random(probability.shape) < probability)
        found.append((rows + first, columns))
    pre = np.concatenate([rows for rows, _ in found])
    return sorted_pairs(pre, np.concatenate([columns for _, columns in found]), neurons, neurons)


def _axis_kernels(grid: Shape, length: float, is_one_sided: bool) -> list[npt.NDArray[np.float64]]:
    """exp(-(a - b)^2 / length^2) for each axis: the distance factor is their product."""
    kernels = []
    for extent in grid:
        difference = np.subtract.outer(np.arange(extent), np.arange(extent))
        kernel = np.exp(-((difference / length) ** 2))
        kernels.append(np.where(difference < 0, 0.0, kernel) if is_one_sided else kernel)
    return kernels
