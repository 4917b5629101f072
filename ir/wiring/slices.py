"""Projections between some neurons of their populations: joined as if they were all, then moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph import Projection, sliced_name
from ..types import Shape, size
from .arguments import refuse
from .drawn import wants_itself
from .kinds import IntArray, Listed, Wiring

Slice = tuple[int, int]


def cut(
    projection: Projection, pre_shape: Shape, post_shape: Shape, has_windows: bool = False
) -> tuple[Projection, Shape, Shape]:
    """The projection between populations that are its slices, named so, and their shapes. E022 for
    neurons that there are not, E042 where its synapses cannot be between some neurons alone."""
    if not projection.is_sliced:
        return projection, pre_shape, post_shape
    _require_neurons(projection, projection.pre, pre_shape, projection.pre_slice)
    _require_neurons(projection, projection.post, post_shape, projection.post_slice)
    if has_windows:
        kind = projection.connectivity.kind
        message = f"the windows of `{kind}` move over all neurons of a population, not over some"
        raise refuse(projection, message, "name the populations without their slices")
    _require_clear(projection, pre_shape, post_shape)
    pre = sliced_name(projection.pre, projection.pre_slice)
    post = sliced_name(projection.post, projection.post_slice)
    return (
        replace(projection, pre=pre, post=post, pre_slice=None, post_slice=None),
        _shape(pre_shape, projection.pre_slice),
        _shape(post_shape, projection.post_slice),
    )


def moved(wiring: Wiring, projection: Projection, pre_shape: Shape, post_shape: Shape) -> Wiring:
    """The wiring of slices as one of the whole populations, a list."""
    if not projection.is_sliced:
        return wiring
    pre, post = wiring.pairs()
    return Listed(
        size(pre_shape),
        size(post_shape),
        _shifted(pre, projection.pre_slice),
        _shifted(post, projection.post_slice),
    )


def within_slices(projection: Projection, pre: IntArray, post: IntArray) -> tuple[IntArray, ...]:
    """The numbers of neurons within the slices that the projection joins."""
    starts = (part[0] if part else 0 for part in (projection.pre_slice, projection.post_slice))
    return tuple(end - start for end, start in zip((pre, post), starts, strict=True))


def shared(projection: Projection, shape: Shape) -> int:
    """How many neurons of a population that is joined to itself are at both ends."""
    first, end = 0, size(shape)
    for part in (projection.pre_slice, projection.post_slice):
        if part is not None:
            first, end = max(first, part[0]), min(end, part[1])
    return max(0, end - first)


def _shape(shape: Shape, part: Slice | None) -> Shape:
    return shape if part is None else (part[1] - part[0],)


def _shifted(neurons: IntArray, part: Slice | None) -> IntArray:
    return neurons if part is None else np.add(neurons, np.int32(part[0]))


def _require_neurons(projection: Projection, name: str, shape: Shape, part: Slice | None) -> None:
    neurons = size(shape)
    if part is not None and part[1] > neurons:
        message = f"`{name}` has the neurons 0 to {neurons - 1}, not {part[0]} to {part[1] - 1}"
        way_out = f"`[a..b]` are those from a to b - 1; `[0..{neurons}]` are all"
        raise refuse(projection, message, way_out, "E022")


def _require_clear(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """What joins no neuron to itself has slices of which that can be said."""
    if projection.pre != projection.post or wants_itself(projection):
        return
    ends = [part or (0, size(pre_shape)) for part in (projection.pre_slice, projection.post_slice)]
    if ends[0] != ends[1] and shared(projection, post_shape):
        raise refuse(
            projection,
            "`self = false` is said of slices that overlap, and are not the same",
            "write a projection of the part that they share, and others of the rest",
        )
