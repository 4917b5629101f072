"""Convolution and pooling against loops written out."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snncc.ir.graph import Call, Projection
from snncc.ir.types import size
from snncc.ir.wiring import CONNECTIVITIES, Windows, wire


def project(kind: str, pre_shape, values, weights_of, **arguments):
    """Output shape, and what the synapses make of input values with the given weights."""
    projection = Projection("p", "a", "b", Call(kind, tuple(arguments.items())), Call("constant"))
    infer = CONNECTIVITIES[kind].shape
    assert infer is not None
    post_shape = infer(projection, pre_shape)
    wiring = wire(projection, pre_shape, post_shape, 0)
    weights = weights_of(wiring.weight_shape)
    out = np.zeros(size(post_shape))
    assert isinstance(wiring, Windows)
    pre, post = wiring.pairs()
    np.add.at(out, post, weights.ravel()[wiring.places()] * values.ravel()[pre])
    return out.reshape(post_shape), weights


def numbers(shape) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_conv2d_is_correlation(data) -> None:
    read, height, width, reached, kernel, stride = (data.draw(st.integers(1, 4)) for _ in range(6))
    padding, groups = data.draw(st.integers(0, 2)), data.draw(st.integers(1, 3))
    channels, out = groups * read, groups * reached
    assume(min(height, width) + 2 * padding >= kernel >= padding)
    values = numbers((channels, height, width))
    made, weights = project(
        "conv2d", values.shape, values, numbers,
        channels=out, kernel=kernel, stride=stride, padding=padding, groups=groups,
    )  # fmt: skip
    padded = np.pad(values, ((0, 0), (padding, padding), (padding, padding)))
    assert weights.shape == (out, read, kernel, kernel)
    for o, y, x in np.ndindex(made.shape):
        top, left = y * stride, x * stride
        first = o // reached * read
        window = padded[first : first + read, top : top + kernel, left : left + kernel]
        assert made[o, y, x] == pytest.approx((weights[o] * window).sum(), abs=1e-9)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_pool2d_sums_windows(data) -> None:
    channels, height, width, kernel = (data.draw(st.integers(1, 5)) for _ in range(4))
    stride = data.draw(st.integers(0, 3))
    assume(min(height, width) >= kernel)
    values = numbers((channels, height, width))
    made, weights = project("pool2d", values.shape, values, np.ones, kernel=kernel, stride=stride)
    assert weights.shape == (1,)
    hop = stride or kernel
    for c, y, x in np.ndindex(made.shape):
        window = values[c, y * hop : y * hop + kernel, x * hop : x * hop + kernel]
        assert made[c, y, x] == pytest.approx(window.sum(), abs=1e-9)


def test_a_plane_without_channels_and_a_flat_target() -> None:
    call = Call("conv2d", (("channels", 2), ("kernel", 3), ("stride", 1), ("padding", 0)))
    projection = Projection("p", "a", "b", call, Call("constant"))
    assert wire(projection, (5, 6), (24,), 0).weight_shape == (2, 1, 3, 3)
    pool = Projection("p", "a", "b", Call("pool2d", (("kernel", 2), ("stride", 0))), call)
    assert wire(pool, (4, 6), (2, 3), 0).post_neurons == 6


def test_a_whole_cifar_layer_is_quick() -> None:
    call = Call("conv2d", (("channels", 16), ("kernel", 5), ("stride", 1), ("padding", 2)))
    projection = Projection("p", "a", "b", call, Call("constant"))
    wiring = wire(projection, (3, 32, 32), (16, 32, 32), 0)
    # 5 x 5 taps less those that fall off the two borders: 32 * 5 - 2 * (1 + 2) along each axis.
    assert wiring.synapses == 16 * 3 * (32 * 5 - 6) ** 2
