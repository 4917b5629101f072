"""What arrives through windows: a `Conv` of float32, exact for integers.

Float32 holds every whole number up to 2^24, so that a sum whose terms have sizes of no more than
that together is exact, in whatever order it is made. Where more may arrive, numbers or weights are
cut into digits, low = x mod 2^d and high = floor(x / 2^d), a `Conv` each, and put together in
int32, modulo 2^32: the whole is a code of 32 bits. Pooling is the same of each plane by itself,
with one weight at all taps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Projection
from ....ir.wiring import Windows, through_windows
from .floats import LARGEST
from .nodes import Nodes

EXACT = 1 << 24
SPIKE = 0, 1
CODES = npt.NDArray[np.int8 | np.int16]
Digits = tuple[int, int]  # bits of a digit of the weights, and of one of what is sent


@dataclass(frozen=True, slots=True, eq=False)
class MovingSynapses:
    """A projection of windows; `is_number`: what is sent are numbers, not spikes."""

    projection: Projection
    windows: Windows
    weights: CODES
    is_number: bool = False
    kind: str = "i32"

    def ends(self, sent: Digits = SPIKE) -> tuple[int, int]:
        """The least and the most that can arrive at a neuron in a step, of what is `sent` from the
        least to the most."""
        up, down = self.weights.clip(min=0), self.weights.clip(max=0)
        size = self.windows.pre_neurons
        least, most = (np.full(size, end, np.float64) for end in sent)
        low, high = (
            through_windows(self.windows, up, own) + through_windows(self.windows, down, other)
            for own, other in ((least, most), (most, least))
        )
        return int(low.min()), int(high.max())

    def delivered(self, nodes: Nodes, sent: str, ends: tuple[int, int] = SPIKE) -> str:
        """The sums int32 [..., post] of spikes uint8 [..., pre], or of numbers int32 from the
        first to the second of `ends`."""
        own, theirs = self._digits(ends)
        bits = 8 * self.weights.itemsize
        planes = _as_planes(nodes, self.windows, sent)
        kernels = list(enumerate(_cut(self.weights.astype(np.int32), own, bits)))
        values = list(enumerate(_sent_digits(nodes, planes, theirs, _bits(ends))))
        parts = []
        for (k, kernel), (n, value) in product(kernels, values):
            made = _conv(nodes, self.windows, value, _real_kernel(nodes, self.windows, kernel))
            whole = nodes.text(f"Cast({made}, to=INT32)")
            shift = own * k + theirs * n
            parts.append(_raised(nodes, whole, shift) if shift else whole)
        total = reduce(lambda one, other: nodes.node("Add", one, other), parts)
        return _as_row(nodes, self.windows, sent, total)

    def _digits(self, ends: tuple[int, int]) -> Digits:
        """The digits with the fewest `Conv`; CompileError(E071) for windows that no digits fit."""
        bits, most = 8 * self.weights.itemsize, _bits(ends)

        def count(digits: Digits) -> int:
            return -(-bits // digits[0]) * -(-most // digits[1])

        whole = max(map(abs, ends))
        widths = product({bits, 8, 4, 2, 1}, range(1, most + 1))
        fitting = [d for d in widths if self._peak(d[0], bits) * _top(d[1], most, whole) <= EXACT]
        if fitting:
            return min(fitting, key=lambda digits: (count(digits), digits))
        name = self.projection.name
        message = f"the windows of `{name}` have too many taps for exact sums of float32"
        help_ = "take another form: C adds them up in integers"
        raise CompileError(Diagnostic("E071", message, self.projection.span, help=help_))

    def _peak(self, width: int, bits: int) -> int:
        """The largest sum of the sizes of the digits of the weights that one output has."""
        parts = _cut(self.weights.astype(np.int64), width, bits)
        taps = self.windows.kernel**2 if self.windows.is_pool else 1
        return max(int(abs(p).reshape(len(p), -1).sum(axis=1).max()) * taps for p in parts)


@dataclass(frozen=True, slots=True, eq=False)
class RealMovingSynapses:
    """A projection of windows with its weights, float32; `is_coded`: kept as int8, one scale an
    output channel."""

    projection: Projection
    windows: Windows
    weights: npt.NDArray[np.float32]
    is_coded: bool = False
    kind: str = "f32"

    def ends(self, sent: tuple[int, int] = SPIKE) -> tuple[int, int]:
        """Of no use to floats."""
        return 0, 0

    def delivered(self, nodes: Nodes, sent: str, ends: tuple[int, int] = SPIKE) -> str:
        """The sums float32 [..., post] of spikes uint8 [..., pre]."""
        planes = _as_planes(nodes, self.windows, sent)
        if not self.is_coded:
            value = nodes.text(f"Cast({planes}, to=FLOAT)")
            kernel = _kernel(nodes, self.windows, nodes.constant(self._kernels()))
        else:
            one, zero = (
                nodes.constant(np.array(n, t)) for n, t in ((1, np.float32), (0, np.uint8))
            )
            value = nodes.node("DequantizeLinear", planes, one, zero)
            kernel = self._coded(nodes)
        return _as_row(nodes, self.windows, sent, _conv(nodes, self.windows, value, kernel))

    def _kernels(self) -> npt.NDArray[np.float32]:
        return self.weights.reshape(1, 1, 1, 1) if self.windows.is_pool else self.weights

    def _coded(self, nodes: Nodes) -> str:
        kernels = self._kernels()
        scales = np.abs(kernels).max(axis=(1, 2, 3)) / np.float32(LARGEST)
        scales = np.where(scales > 0, scales, np.float32(1)).astype(np.float32)
        codes = np.clip(np.rint(kernels / scales[:, None, None, None]), -LARGEST, LARGEST)
        none = nodes.constant(np.zeros(len(scales), np.int8))
        kept = _kernel(nodes, self.windows, nodes.constant(codes.astype(np.int8)))
        return nodes.node("DequantizeLinear", kept, nodes.constant(scales), none, axis=0)


def _bits(ends: tuple[int, int]) -> int:
    """Of numbers between two ends, in two's complement where some are below 0."""
    low, high = ends
    return max(1, high.bit_length(), (~low).bit_length() if low < 0 else 0) + (low < 0)


def _top(width: int, bits: int, whole: int) -> int:
    """The largest size of a digit of so many bits of numbers with `bits` bits, of which the largest
    is `whole`."""
    return whole if width >= bits else (1 << width) - 1


def _cut(
    codes: npt.NDArray[np.int32 | np.int64], width: int, bits: int
) -> list[npt.NDArray[np.int32 | np.int64]]:
    """Codes of so many bits as digits of `width`, the lowest first; the last has the sign."""
    found = []
    for _ in range(-(-bits // width) - 1):
        found.append(codes & (1 << width) - 1)
        codes = codes >> width
    return [*found, codes]


def _sent_digits(nodes: Nodes, sent: str, width: int, bits: int) -> list[str]:
    """What is sent as float32, in digits of `width` bits, the lowest first."""
    count = -(-bits // width)
    if count == 1:
        return [nodes.text(f"Cast({sent}, to=FLOAT)")]
    rest, found = nodes.text(f"Cast({sent}, to=DOUBLE)"), []
    for _ in range(count - 1):
        higher = nodes.text(f"Floor(Mul({rest}, f64({2.0**-width!r})))")
        found.append(nodes.text(f"Sub({rest}, Mul({higher}, f64({2.0**width!r})))"))
        rest = higher
    return [nodes.text(f"Cast({each}, to=FLOAT)") for each in (*found, rest)]


def _raised(nodes: Nodes, whole: str, shift: int) -> str:
    """Codes times a power of two, modulo 2^32."""
    factor = np.array(1 << shift, np.int64).astype(np.int32)
    return nodes.node("Mul", whole, nodes.constant(factor))


def _real_kernel(nodes: Nodes, windows: Windows, digits: npt.NDArray[np.int32 | np.int64]) -> str:
    """Digits of weights as float32, in their shape, kept as the smallest integers that hold
    them."""
    fits = next(t for t in (np.int8, np.uint8, np.int16) if (digits == digits.astype(t)).all())
    shape = (1, 1, 1, 1) if windows.is_pool else digits.shape
    kept = nodes.constant(digits.astype(fits).reshape(shape))
    return _kernel(nodes, windows, nodes.root.text(f"Cast({kept}, to=FLOAT)"))


def _kernel(nodes: Nodes, windows: Windows, kept: str) -> str:
    """The kernel; the one weight of a pool at each of its taps."""
    if not windows.is_pool:
        return kept
    shape = nodes.indices(1, 1, windows.kernel, windows.kernel)
    return nodes.root.node("Expand", kept, shape)


def _as_planes(nodes: Nodes, windows: Windows, sent: str) -> str:
    """[..., pre] as [samples, channels, height, width]; to a pool every plane is a sample."""
    channels, height, width = windows.pre
    shape = nodes.indices(-1, 1 if windows.is_pool else channels, height, width)
    return nodes.node("Reshape", sent, shape)


def _as_row(nodes: Nodes, windows: Windows, sent: str, made: str) -> str:
    """Planes as [..., post], the first axes those of `sent`."""
    first = nodes.node("Shape", sent, end=-1)
    shape = nodes.node("Concat", first, nodes.indices(windows.post_neurons), axis=0)
    return nodes.node("Reshape", made, shape)


def _conv(nodes: Nodes, windows: Windows, value: str, kernel: str) -> str:
    moves = {"strides": [windows.stride] * 2, "pads": [windows.padding] * 4}
    groups = {"group": windows.groups} if windows.groups > 1 else {}
    return nodes.node("Conv", value, kernel, **moves, **groups)
