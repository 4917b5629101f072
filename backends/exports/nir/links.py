"""Synapses as linear nodes of NIR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.nir.graph import Array
from ....ir.types import Shape
from ....ir.wiring import AllPairs, Listed, Windows, Wiring
from .trouble import UnsaidError

MOST = 1 << 24  # numbers of one matrix: 64 MiB, which is what readers here take of a small file


class Link(NamedTuple):
    """A node's kind and its numbers; `kind` is "" where an edge alone does it. `late` is the delay
    in steps: one, or of each pre neuron its own."""

    kind: str
    fields: Mapping[str, Array | int | str]
    late: npt.NDArray[np.int64]

    def same(self, other: Link) -> bool:
        """Whether both do the same."""
        if self.kind != other.kind or not np.array_equal(self.late, other.late):
            return False
        return all(np.array_equal(self.fields[k], other.fields[k]) for k in self.fields)


def links_of(
    wiring: Wiring, weights: Array, factor: float, shape: Shape, late: int
) -> tuple[Link, ...]:
    """What joins the neurons as the wiring does, its weights times the factor: one node, or where
    synapses have delays of their own one for each delay. `shape` is that of the population before
    it, `late` the delay of all. UnsaidError for a matrix that is too large."""
    scaled = _single(weights, factor)
    steps = np.array(late)
    if isinstance(wiring, Windows):
        return (Link(*_windows(wiring, scaled), steps),)
    if isinstance(wiring, AllPairs):
        _require_small(wiring.post_neurons * wiring.pre_neurons)
        return (Link("Linear", {"weight": np.ascontiguousarray(scaled.T)}, steps),)
    if _is_identity(wiring):
        own = steps if wiring.delay is None else wiring.delay.astype(np.int64).reshape(shape)
        return (Link(*_scale(scaled.reshape(shape)), own),)
    delays = np.full(wiring.synapses, late) if wiring.delay is None else wiring.delay
    found = np.unique(delays) if len(delays) else np.array([late])
    _require_small(len(found) * wiring.post_neurons * wiring.pre_neurons)
    return tuple(Link(*_matrix(wiring, scaled, delays == d), np.array(int(d))) for d in found)


def _single(weights: Array, factor: float) -> npt.NDArray[np.float32]:
    if factor == 1.0:
        return np.asarray(weights, np.float32)
    return (np.asarray(weights, np.float64) * factor).astype(np.float32)


def _require_small(size: int) -> None:
    if size > MOST:
        reason = f"it would be a matrix of {size} numbers, of which most are 0"
        raise UnsaidError(reason, f"up to {MOST} are written; a `conv2d` needs no matrix")


def _is_identity(wiring: Listed) -> bool:
    count = wiring.pre_neurons
    if wiring.post_neurons != count or wiring.synapses != count:
        return False
    index = np.arange(count)
    return bool(np.array_equal(wiring.pre, index) and np.array_equal(wiring.post, index))


def _scale(weights: Array) -> tuple[str, dict[str, Array | int | str]]:
    if np.all(weights == 1.0):
        return "", {}
    return "Scale", {"scale": weights}


def _matrix(
    wiring: Listed, weights: Array, chosen: Array
) -> tuple[str, dict[str, Array | int | str]]:
    """The synapses that are chosen; several of one pair are added up."""
    made = np.zeros((wiring.post_neurons, wiring.pre_neurons))
    np.add.at(made, (wiring.post[chosen], wiring.pre[chosen]), weights[chosen].astype(np.float64))
    return "Linear", {"weight": made.astype(np.float32)}


def _windows(wiring: Windows, weights: Array) -> tuple[str, dict[str, Array | int | str]]:
    kernel, stride, padding = (
        np.full(2, k) for k in (wiring.kernel, wiring.stride, wiring.padding)
    )
    if wiring.is_pool:
        weight = weights.ravel()[0]
        means = {np.float32(1.0): "SumPool2d", np.float32(1 / wiring.kernel**2): "AvgPool2d"}
        if weight in means:
            sizes = {"kernel_size": kernel, "stride": stride, "padding": padding}
            return means[weight], dict(sizes)
        each = (wiring.pre.channels, 1, wiring.kernel, wiring.kernel)
        weights, groups = np.full(each, weight), wiring.pre.channels
    else:
        groups = wiring.groups
    return "Conv2d", {
        "input_shape": np.array([wiring.pre.height, wiring.pre.width]),
        "weight": weights,
        "bias": np.zeros(wiring.post.channels, np.float32),
        "stride": stride,
        "padding": padding,
        "dilation": np.full(2, 1),
        "groups": groups,
    }
