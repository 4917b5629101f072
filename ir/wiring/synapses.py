"""The synapses of a projection as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..tensors import same_arrays
from ..types import Shape

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

# Synapses are numbered by int32 in every backend.
MAX_SYNAPSES = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """The synapses of a projection.

    All pairs when `pre` is None: weights are [pre_neurons, post_neurons]. Else synapse s joins
    `pre[s]` to `post[s]`, sorted by (pre, post), and its weight is `weights[s]`, or, where weights
    are shared (conv2d, pool2d), `weights.ravel()[tap[s]]`.
    """

    pre_neurons: int
    post_neurons: int
    weight_shape: Shape
    pre: IntArray | None = None
    post: IntArray | None = None
    tap: IntArray | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Wiring):
            return NotImplemented
        sizes = [(w.pre_neurons, w.post_neurons, w.weight_shape) for w in (self, other)]
        return sizes[0] == sizes[1] and same_arrays(self.lists(), other.lists())

    __hash__ = None  # type: ignore[assignment]

    def lists(self) -> dict[str, IntArray]:
        """The lists `pre`, `post` and `tap` that there are, by name."""
        named = {"pre": self.pre, "post": self.post, "tap": self.tap}
        return {name: entries for name, entries in named.items() if entries is not None}

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.pre_neurons * self.post_neurons if self.pre is None else len(self.pre)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Pre and post neuron of every synapse, written out also when all pairs are joined."""
        if self.pre is not None and self.post is not None:
            return self.pre, self.post
        pre = np.repeat(np.arange(self.pre_neurons, dtype=np.int32), self.post_neurons)
        return pre, np.tile(np.arange(self.post_neurons, dtype=np.int32), self.pre_neurons)

    def fan_in(self) -> npt.NDArray[np.int64]:
        """The number of synapses that end at each post neuron."""
        if self.post is None:
            return np.full(self.post_neurons, self.pre_neurons, np.int64)
        return np.bincount(self.post, minlength=self.post_neurons)


def sorted_pairs(
    pre: npt.NDArray[Any], post: npt.NDArray[Any], pre_neurons: int, post_neurons: int
) -> Wiring:
    """The wiring of pairs that are sorted by (pre, post) already, one weight each."""
    return Wiring(
        pre_neurons,
        post_neurons,
        (len(pre),),
        np.ascontiguousarray(pre, np.int32),
        np.ascontiguousarray(post, np.int32),
    )


def order_of(pre: npt.NDArray[Any], post: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The stable permutation that sorts pairs by (pre, post)."""
    return np.lexsort((post, pre))
