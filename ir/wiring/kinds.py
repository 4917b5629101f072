"""The kinds of synapses that a projection may have: all pairs, a list, or windows over planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..tensors import same_arrays
from ..types import Shape

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]

# Synapses are numbered by int32 in every backend.
MAX_SYNAPSES = 2**31 - 1
SPAN = 1 << 17  # synapses or weights that are looked at together, at least


def spans(count: int, length: int = SPAN) -> Iterator[slice]:
    """Slices of so many synapses or weights, one after the other."""
    return (slice(first, min(count, first + length)) for first in range(0, count, length))


def counts_of(neurons: IntArray, most: int) -> npt.NDArray[np.int64]:
    """How often each of 0 … most - 1 is there; NumPy alone would widen all of a list at once."""
    counts = np.zeros(most, np.int64)
    for span in spans(len(neurons), max(SPAN, most)):
        counts += np.bincount(neurons[span], minlength=most)
    return counts


@dataclass(frozen=True, slots=True)
class AllPairs:
    """Every pre neuron to every post neuron; weights are [pre_neurons, post_neurons]."""

    pre_neurons: int
    post_neurons: int

    @property
    def weight_shape(self) -> Shape:
        """[pre, post]."""
        return (self.pre_neurons, self.post_neurons)

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.pre_neurons * self.post_neurons

    def pairs(self) -> tuple[IntArray, IntArray]:
        """Pre and post neuron of every synapse, by (pre, post), written out."""
        pre = np.repeat(np.arange(self.pre_neurons, dtype=np.int32), self.post_neurons)
        return pre, np.tile(np.arange(self.post_neurons, dtype=np.int32), self.pre_neurons)

    def ends(self, span: slice) -> tuple[IntArray, IntArray]:
        """`pairs` of some synapses alone."""
        pre, post = np.divmod(np.arange(span.start, span.stop), self.post_neurons)
        return pre.astype(np.int32), post.astype(np.int32)

    def places(self) -> IntArray:
        """The place of every synapse's weight among the weights, in the order of `pairs`."""
        return np.arange(self.synapses, dtype=np.int32)

    def fan_in(self) -> npt.NDArray[np.int64]:
        """The number of synapses that end at each post neuron."""
        return np.full(self.post_neurons, self.pre_neurons, np.int64)

    def fan_in_of_weights(self) -> npt.NDArray[np.float64]:
        """The fan-in that weights see: [1], the same of all, or that of each post neuron."""
        return np.full(1, float(self.pre_neurons))


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Synapse s joins `pre[s]` to `post[s]`, sorted by (pre, post), with a weight of its own, and
    a delay of its own of `delay[s]` steps, if there are such."""

    pre_neurons: int
    post_neurons: int
    pre: IntArray
    post: IntArray
    delay: IntArray | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Listed):
            return NotImplemented
        sizes = [(w.pre_neurons, w.post_neurons) for w in (self, other)]
        return sizes[0] == sizes[1] and same_arrays(self.lists(), other.lists())

    __hash__ = None  # type: ignore[assignment]

    def lists(self) -> dict[str, IntArray]:
        """The ends of the synapses by name, and their delays."""
        ends = {"pre": self.pre, "post": self.post}
        return ends if self.delay is None else ends | {"delay": self.delay}

    @property
    def weight_shape(self) -> Shape:
        """[synapses]."""
        return (len(self.pre),)

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return len(self.pre)

    def pairs(self) -> tuple[IntArray, IntArray]:
        """As of `AllPairs`."""
        return self.pre, self.post

    def ends(self, span: slice) -> tuple[IntArray, IntArray]:
        """As of `AllPairs`."""
        return self.pre[span], self.post[span]

    def places(self) -> IntArray:
        """As of `AllPairs`."""
        return np.arange(self.synapses, dtype=np.int32)

    def fan_in(self) -> npt.NDArray[np.int64]:
        """As of `AllPairs`."""
        return counts_of(self.post, self.post_neurons)

    def fan_in_of_weights(self) -> npt.NDArray[np.float64]:
        """As of `AllPairs`."""
        return self.fan_in().astype(np.float64)


class Planes(NamedTuple):
    """Neurons in planes, flattened so: (channel * height + row) * width + column."""

    channels: int
    height: int
    width: int

    @property
    def neurons(self) -> int:
        """Of all planes."""
        return self.channels * self.height * self.width


@dataclass(frozen=True, slots=True)
class Windows:
    """Square windows that move over planes: post neuron (o, y, x) reads the pre neurons
    (c, y s + a - p, x s + b - p) that there are, a and b in 0 … kernel - 1, s the stride and p
    the padding.

    Convolution: of the channels c of its group, and the weights are [o, c of the group, a, b];
    either side's channels are `groups` equal parts, one above for one below. Pooling, `is_pool`: of
    its own channel alone, and all synapses have one weight.
    """

    pre: Planes
    post: Planes
    kernel: int
    stride: int
    padding: int
    is_pool: bool
    groups: int = 1

    @property
    def read(self) -> int:
        """The channels that a channel above reads."""
        return 1 if self.is_pool else self.pre.channels // self.groups

    @property
    def reached(self) -> int:
        """The channels above that read a channel."""
        return 1 if self.is_pool else self.post.channels // self.groups

    @property
    def pre_neurons(self) -> int:
        """Of all planes."""
        return self.pre.neurons

    @property
    def post_neurons(self) -> int:
        """Of all planes."""
        return self.post.neurons

    @property
    def weight_shape(self) -> Shape:
        """[channels out, channels in of a group, kernel, kernel], or [1]."""
        if self.is_pool:
            return (1,)
        return (self.post.channels, self.read, self.kernel, self.kernel)

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        rows, columns = (int(taps.sum()) for taps in self._taps())
        return self.pre.channels * self.reached * rows * columns

    def pairs(self) -> tuple[IntArray, IntArray]:
        """As of `AllPairs`."""
        c, (i, y, _), (j, x, _), o = self._meetings()
        pre = (c * self.pre.height + i) * self.pre.width + j
        post = (o * self.post.height + y) * self.post.width + x
        return pre.astype(np.int32), post.astype(np.int32)

    def places(self) -> IntArray:
        """As of `AllPairs`."""
        c, (_, _, a), (_, _, b), o = self._meetings()
        if self.is_pool:
            return np.zeros(len(c), np.int32)
        channel = o * self.read + c % self.read
        return np.asarray((channel * self.kernel + a) * self.kernel + b, np.int32)

    def fan_in(self) -> npt.NDArray[np.int64]:
        """As of `AllPairs`."""
        each = np.multiply.outer(*self._taps())
        return np.asarray(np.tile(self.read * each.ravel(), self.post.channels), np.int64)

    def fan_in_of_weights(self) -> npt.NDArray[np.float64]:
        """As of `AllPairs`, borders aside."""
        return np.full(1, float(np.prod(self.weight_shape[1:])))

    def _taps(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """How many taps of the output rows, and of the columns, lie on the planes."""
        rows = self._taps_along(self.pre.height, self.post.height)
        return rows, self._taps_along(self.pre.width, self.post.width)

    def _taps_along(self, extent: int, outputs: int) -> npt.NDArray[np.int64]:
        first = np.arange(outputs) * self.stride - self.padding
        return np.asarray(np.minimum(self.kernel, extent - first) - np.maximum(0, -first))

    def _reached(self, extent: int, outputs: int) -> tuple[IntArray, IntArray, IntArray]:
        """Along one axis: (input, output, tap) of all that meet, inputs and then outputs
        ascending."""
        taps = np.arange(self.kernel)[::-1]
        start = np.arange(extent)[:, None] + self.padding - taps[None, :]
        place = start // self.stride
        i, k = np.nonzero((start % self.stride == 0) & (place >= 0) & (place < outputs))
        return i.astype(np.int32), place[i, k].astype(np.int32), taps[k].astype(np.int32)

    def _meetings(self) -> tuple[Any, tuple[Any, Any, Any], tuple[Any, Any, Any], Any]:
        """(c, (i, y, a), (j, x, b), o) of every synapse, sorted by (pre, post)."""
        rows = self._reached(self.pre.height, self.post.height)
        columns = self._reached(self.pre.width, self.post.width)
        axes = (self.pre.channels, self.reached, rows[0].size, columns[0].size)
        c, o, r, k = (index.ravel().astype(np.int64) for index in np.indices(axes))
        i, y, a = (axis[r].astype(np.int64) for axis in rows)
        j, x, b = (axis[k].astype(np.int64) for axis in columns)
        o += c // self.read * self.reached
        order = np.lexsort((x, y, o, j, i, c))
        c, o, i, y, a, j, x, b = (v[order] for v in (c, o, i, y, a, j, x, b))
        return c, (i, y, a), (j, x, b), o


Wiring = AllPairs | Listed | Windows


def sorted_pairs(
    pre: npt.NDArray[Any], post: npt.NDArray[Any], pre_neurons: int, post_neurons: int
) -> Listed:
    """The wiring of pairs that are sorted by (pre, post) already."""
    ends = (np.ascontiguousarray(end, np.int32) for end in (pre, post))
    return Listed(pre_neurons, post_neurons, *ends)


def order_of(pre: npt.NDArray[Any], post: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The stable permutation that sorts pairs by (pre, post)."""
    return np.lexsort((post, pre))
