"""Convolutions and pools that the language has no word for, as lists of synapses."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from ...ir.nir.graph import UNFIT, Floats, Node, refusal
from .shapes import Shape, paddings, window_of

MOST = 1 << 20  # synapses
EXACT = 1 << 24  # indices that float32 has, as lists of files are kept in it


def is_square(node: Node) -> bool:
    """Whether `conv2d` or `pool2d` says it: one number for both axes, no dilation."""
    if node.kind == "Conv1d":
        return False
    kernel, stride, dilation = window_of(node)
    around = {k for pair in paddings(node, kernel) for k in pair}
    is_plain = len(set(kernel)) == len(set(stride)) == len(around) == 1 and set(dilation) == {1}
    most = kernel[0] if node.kind == "Conv2d" else 0
    return is_plain and max(around) <= most


def listed(node: Node, pre: Shape, post: Shape) -> Floats:
    """Rows of pre, post and weight of a node between planes [channels, extents…]."""
    kernel = window_of(node)[0]
    weights = _weights(node, pre[0], kernel)
    if weights.shape[1] * prod(kernel) * prod(post) > MOST or prod(pre) > EXACT:
        message = f"`{node.name}` ({node.kind}) would be a list of more than {MOST} synapses"
        raise refusal(UNFIT, message, "square windows without dilation are kept as they are")
    taps = _taps(node, pre[1:], post[1:])
    rows = [
        (pre_index, post_index, weights[(out, read, *tap)])
        for out in range(post[0])
        for read, channel in enumerate(_read(node, pre[0], post[0], out))
        for pre_index, post_index, tap in _shifted(taps, channel * prod(pre[1:]), out, post)
    ]
    return np.array(rows, np.float64).reshape(-1, 3)


def _weights(node: Node, channels: int, kernel: Shape) -> Floats:
    if node.kind == "SumPool2d":
        return np.ones((channels, 1, *kernel))
    if node.kind == "AvgPool2d":
        return np.full((channels, 1, *kernel), 1 / prod(kernel))
    return node.numbers("weight")


def _read(node: Node, below: int, above: int, out: int) -> range:
    """The channels below that a channel above reads."""
    groups = below if node.kind.endswith("Pool2d") else node.whole("groups")[0]
    read = below // groups
    first = out // (above // groups) * read
    return range(first, first + read)


_Tap = tuple[int, int, Shape]


def _taps(node: Node, below: Shape, above: Shape) -> list[_Tap]:
    """Of one plane: flat indices below and above, and the place in the kernel, of all that meet."""
    kernel, stride, dilation = window_of(node)
    before = [first for first, _ in paddings(node, kernel)]
    found = []
    for place in product(*map(range, above)):
        for tap in product(*map(range, kernel)):
            at = tuple(
                p * s + t * d - b
                for p, s, t, d, b in zip(place, stride, tap, dilation, before, strict=True)
            )
            if all(0 <= k < n for k, n in zip(at, below, strict=True)):
                found.append((_flat(at, below), _flat(place, above), tap))
    return found


def _flat(place: Shape, extents: Shape) -> int:
    return int(np.ravel_multi_index(place, extents))


def _shifted(taps: list[_Tap], first: int, out: int, post: Shape) -> list[_Tap]:
    return [(first + a, out * prod(post[1:]) + b, tap) for a, b, tap in taps]
