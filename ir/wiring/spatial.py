"""Convolution and pooling: what their calls ask of shapes, and the windows that they make."""

from __future__ import annotations

from ..calls import integer
from ..graph import Projection
from ..types import Shape, size
from .arguments import refuse
from .kinds import Planes, Windows
from .streams import Streams


def planes(projection: Projection, shape: Shape) -> Planes:
    """The planes of a shape [h, w] or [channels, h, w]; E040 for any other."""
    if len(shape) == 2:
        return Planes(1, shape[0], shape[1])
    if len(shape) == 3:
        return Planes(*shape)
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


def groups_of(projection: Projection) -> int:
    """How many parts the channels of a convolution come in; 1 unless it says."""
    return integer(projection.connectivity, "groups", 1)


def _require_groups(projection: Projection, pre_shape: Shape) -> None:
    """E042 unless the channels of either side are `groups` equal parts."""
    groups, made = groups_of(projection), integer(projection.connectivity, "channels")
    below, _, _ = planes(projection, pre_shape)
    if below % groups == 0 and made % groups == 0:
        return
    which = f"the {below} of `{projection.pre}`" if below % groups else f"{made} channels"
    raise refuse(
        projection,
        f"{which} do not come in {groups} equal groups",
        f"choose a divisor of both {below} and {made}, or leave `groups` out",
    )


def _extent(projection: Projection, extent: int) -> int:
    kernel, stride, padding = window(projection)
    if padding > kernel:
        raise refuse(
            projection,
            f"with padding {padding} a window of {kernel} lies wholly beside `{projection.pre}`",
            "make the padding at most the kernel",
            code="E040",
        )
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
    """E040 unless the post population takes what the convolution makes; E042 for groups that its
    channels do not come in."""
    _require_groups(projection, pre_shape)
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


def convolved(projection: Projection, pre_shape: Shape) -> Windows:
    """The windows of a convolution; CompileError for a call that has none."""
    _require_groups(projection, pre_shape)
    made = Planes(*conv2d_shape(projection, pre_shape))
    below, groups = planes(projection, pre_shape), groups_of(projection)
    return Windows(below, made, *window(projection), is_pool=False, groups=groups)


def pooled(projection: Projection, pre_shape: Shape) -> Windows:
    """Those of a pooling."""
    made = Planes(*pool2d_shape(projection, pre_shape))
    return Windows(planes(projection, pre_shape), made, *window(projection), is_pool=True)


def conv2d(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Windows:
    """Correlation of all channels; nothing of it is drawn."""
    return convolved(projection, pre_shape)


def pool2d(
    projection: Projection, pre_shape: Shape, post_shape: Shape, streams: Streams
) -> Windows:
    """The sum over each window of a channel."""
    return pooled(projection, pre_shape)
