"""How large a wiring will be, before any of it is made."""

from __future__ import annotations

from math import pi, prod, sqrt
from typing import NamedTuple

from ..calls import dimensions, integer, number
from ..graph import Projection
from ..types import Shape, size
from .drawn import partners
from .kinds import Windows
from .spatial import convolved, pooled

# Bytes of scratch for a pair that is found, sorted and kept: its place in int64, pre and post.
FOUND = 24
DRAWN = 0  # what is drawn piece by piece takes no more than weights do afterwards
SORTED = 32
REAL = 8


class Size(NamedTuple):
    """Synapses (expected, where chance decides), weights, and the bytes that wiring them takes
    beside what it gives. Where a condition decides, only what is certain counts. `is_listed`: the
    pairs are held, not only a matrix of weights. `looked`: pairs that are looked at one by one."""

    synapses: int
    weights: int
    scratch: int
    is_listed: bool = True
    looked: int = 0


def matrix(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """All pairs, of which nothing but the weights is held."""
    pairs = size(pre_shape) * size(post_shape)
    return Size(pairs, pairs, 0, is_listed=False)


def all_but_own(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Every neuron to every other."""
    return _listed(size(pre_shape) * (size(pre_shape) - 1), FOUND)


def one_each(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """As many as there are neurons."""
    return _listed(size(pre_shape), 0)


def share(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """A share p of all pairs."""
    pairs = size(pre_shape) * partners(projection, size(post_shape))
    return _listed(int(number(projection.connectivity, "p") * pairs), DRAWN)


def same_fan_in(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """k for every post neuron."""
    return _listed(integer(projection.connectivity, "k") * size(post_shape), DRAWN)


def same_fan_out(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """k for every pre neuron."""
    return _listed(integer(projection.connectivity, "k") * size(pre_shape), DRAWN)


def same_total(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """n in all."""
    return _listed(integer(projection.connectivity, "n"), DRAWN)


def as_listed(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Those of the list."""
    synapses = projection.connectivity["synapses"]
    assert isinstance(synapses, tuple)
    return _listed(len(synapses), SORTED)


def unknown(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Any number: a condition decides."""
    return Size(0, 0, 0, looked=size(pre_shape) * size(post_shape))


def near(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Of a Gaussian of distance, at half of its lowest density; a kernel is held for each axis."""
    call = projection.connectivity
    grid, reach = dimensions(call, "grid"), 1.0 + number(call, "lambda") * sqrt(pi)
    within = prod(extent * min(float(extent), reach) / 2 for extent in grid)
    probability = min(1.0, 0.1 * number(call, "density"))
    found = _listed(int(probability * within), FOUND)
    kernels = 3 * REAL * max(grid) ** 2
    return found._replace(scratch=found.scratch + kernels, looked=prod(grid) ** 2)


def convolution(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Every pair of an input and a tap that meet inside the planes."""
    return _moving(convolved(projection, pre_shape))


def pooling(projection: Projection, pre_shape: Shape, post_shape: Shape) -> Size:
    """Every pair of an input and a window that it lies in."""
    return _moving(pooled(projection, pre_shape))


def _moving(windows: Windows) -> Size:
    return Size(windows.synapses, prod(windows.weight_shape), 0, is_listed=False)


def _listed(synapses: int, scratch: int) -> Size:
    return Size(synapses, synapses, scratch * synapses)
