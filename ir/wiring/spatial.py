"""Convolution and pooling as synapses with shared weights.

Planes are channels first and flattened so: index = (channel * height + row) * width + column.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..calls import integer
from ..graph import Projection
from ..types import Shape, size
from .arguments import refuse
from .synapses import Wiring


def planes(projection: Projection, shape: Shape) -> tuple[int, int, int]:
    """Channels, height, width of a shape [h, w] or [channels, h, w]; E040 for any other."""
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    raise refuse(
        projection,
        f"`{projection.connectivity.kind}` needs `{projection.pre}` of shape [height, width] or "
        f"[channels, height, width], not {list(shape)}",
        code="E040",
    )


def conv2d_shape(projection: Projection, pre_shape: Shape) -> Shape:
    """[channels, height, width] of the population that the convolution ends at."""
    channels = integer(projection.connectivity, "channels")
    _, height, width = planes(projection, pre_shape)
    return (channels, _extent(projection, height), _extent(projection, width))


def pool2d_shape(projection: Projection, pre_shape: Shape) -> Shape:
    """[channels, height, width] of the population that the pooling ends at."""
    channels, height, width = planes(projection, pre_shape)
    return (channels, _extent(projection, height), _extent(projection, width))


def window(projection: Projection) -> tuple[int, int, int]:
    """Kernel, stride and padding of either kind; a pool's stride 0 means its kernel."""
    call = projection.connectivity
    kernel = integer(call, "kernel")
    padding = integer(call, "padding") if call.kind == "conv2d" else 0
    return kernel, integer(call, "stride") or kernel, padding


def _extent(projection: Projection, extent: int) -> int:
    kernel, stride, padding = window(projection)
    if extent + 2 * padding < kernel:
        raise refuse(
            projection,
            f"a kernel of {kernel} does not fit into {extent} rows or columns of "
            f"`{projection.pre}` with padding {padding}",
            "make the kernel smaller or the padding larger",
            code="E040",
        )
    return (extent + 2 * padding - kernel) // stride + 1


def check_conv2d(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E040 unless the post population takes what the convolution makes."""
    _require_shape(projection, conv2d_shape(projection, pre_shape), post_shape)


def check_pool2d(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """E040 unless the post population takes what the pooling makes."""
    _require_shape(projection, pool2d_shape(projection, pre_shape), post_shape)


def _require_shape(projection: Projection, made: Shape, post_shape: Shape) -> None:
    # A flat population may take the planes; one of the same rank must agree in each extent.
    fits = size(made) == size(post_shape) and (len(post_shape) == 1 or _squeezed(made, post_shape))
    if fits:
        return
    raise refuse(
        projection,
        f"`{projection.connectivity.kind}` makes {list(made)} of `{projection.pre}`, but "
        f"`{projection.post}` is {list(post_shape)}",
        f"write `{projection.post}{list(made)}`, or leave the brackets out",
        code="E040",
    )


def _squeezed(made: Shape, post_shape: Shape) -> bool:
    return post_shape == made or (made[0] == 1 and post_shape == made[1:])


def conv2d(
    projection: Projection, pre_shape: Shape, post_shape: Shape, generator: np.random.Generator
) -> Wiring:
    """Correlation: out[o, y, x] = sum of w[o, c, a, b] in[c, y s + a - p, x s + b - p], where s is
    the stride and p the padding.

    Weights are [channels out, channels in, kernel, kernel].
    """
    channels, height, width = planes(projection, pre_shape)
    out, rows, columns = conv2d_shape(projection, pre_shape)
    kernel = window(projection)[0]
    y, a = _axis(projection, height, rows)
    x, b = _axis(projection, width, columns)
    # Axes: channel, input row, input column, output channel, a, b. Descending a, b means
    # ascending output rows and columns, so row-major order is the order by (pre, post).
    spatial = (y >= 0)[:, None, None, :, None] & (x >= 0)[None, :, None, None, :]
    mask = np.broadcast_to(spatial, (channels, height, width, out, kernel, kernel))
    c, i, j, o, s, t = np.nonzero(mask)
    return Wiring(
        channels * height * width,
        out * rows * columns,
        (out, channels, kernel, kernel),
        _flat((c, channels), (i, height), (j, width)),
        _flat((o, out), (y[i, s], rows), (x[j, t], columns)),
        _flat((o, out), (c, channels), (a[s], kernel), (b[t], kernel)),
    )


def pool2d(
    projection: Projection, pre_shape: Shape, post_shape: Shape, generator: np.random.Generator
) -> Wiring:
    """The sum over each window of a channel, all synapses sharing one weight."""
    channels, height, width = planes(projection, pre_shape)
    _, rows, columns = pool2d_shape(projection, pre_shape)
    kernel = window(projection)[0]
    y, _ = _axis(projection, height, rows)
    x, _ = _axis(projection, width, columns)
    spatial = (y >= 0)[:, None, :, None] & (x >= 0)[None, :, None, :]
    c, i, j, s, t = np.nonzero(np.broadcast_to(spatial, (channels, height, width, kernel, kernel)))
    pre = _flat((c, channels), (i, height), (j, width))
    return Wiring(
        channels * height * width,
        channels * rows * columns,
        (1,),
        pre,
        _flat((c, channels), (y[i, s], rows), (x[j, t], columns)),
        np.zeros(len(pre), np.int32),
    )


def _axis(
    projection: Projection, extent: int, outputs: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Along one axis: the output place [extent, kernel] that input i reaches through tap a[s]
    (-1: none), and the taps a, descending."""
    kernel, stride, padding = window(projection)
    taps = np.arange(kernel)[::-1]
    start = np.arange(extent)[:, None] + padding - taps[None, :]
    place = start // stride
    reaches = (start % stride == 0) & (place >= 0) & (place < outputs)
    return np.where(reaches, place, -1), taps


def _flat(*axes: tuple[npt.NDArray[np.int64], int]) -> npt.NDArray[np.int32]:
    """Row-major flat index of coordinates given as (index, extent), outermost first."""
    index = np.zeros(1, np.int64)
    for coordinate, extent in axes:
        index = index * extent + coordinate
    return index.astype(np.int32)
