"""Windows as `Conv` of float32: exact, whatever the digits that weights and numbers need."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("onnx", reason="pip install onnx")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")

import onnx
from onnx import helper
from onnx_runs import session
from refusal import refused

from snncc.backends.exports.onnx.nodes import Nodes, described
from snncc.backends.exports.onnx.windows import SPIKE, MovingSynapses
from snncc.ir.graph import Call, Projection
from snncc.ir.wiring import Planes, Windows, through_windows

WORD = -(1 << 31), (1 << 31) - 1
CONV = Windows(Planes(3, 7, 6), Planes(2, 4, 3), 3, 2, 1, False)
POOL = Windows(Planes(3, 7, 6), Planes(3, 2, 2), 3, 3, 0, True)
PLANE = Windows(Planes(2, 5, 5), Planes(1, 1, 1), 5, 1, 0, False)
PARTS = Windows(Planes(4, 5, 4), Planes(6, 3, 2), 3, 2, 1, False, groups=2)
DEPTHWISE = Windows(Planes(3, 4, 5), Planes(3, 4, 5), 3, 1, 1, False, groups=3)
KINDS = {"conv": CONV, "pool": POOL, "plane": PLANE, "groups": PARTS, "depthwise": DEPTHWISE}


def synapses(windows: Windows, weights: np.ndarray, is_number: bool) -> MovingSynapses:
    projection = Projection("a->b", "a", "b", Call("conv2d"), Call("kaiming"))
    return MovingSynapses(projection, windows, weights, is_number)


def run(made: MovingSynapses, sent: np.ndarray, ends: tuple[int, int]) -> tuple[np.ndarray, int]:
    """What onnxruntime brings of what is sent [2, 1, pre], and how many `Conv` it takes."""
    nodes = Nodes()
    result = made.delivered(nodes, "sent", ends)
    nodes.add("Identity", [result], ["brought"])
    shape = [*sent.shape[:-1], made.windows.post_neurons]
    inputs, outputs = described("sent", sent.dtype, sent.shape), described("brought", "i4", shape)
    graph = nodes.graph("n", [inputs], [outputs])
    opsets = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    count = sum(node.op_type == "Conv" for node in graph.node)
    return session(model).run(None, {"sent": sent})[0], count


def wrapped(sums: np.ndarray) -> np.ndarray:
    return sums.astype(np.int64).astype(np.int32)


@pytest.mark.parametrize("windows", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("bits", "count"), [(8, 1), (16, 1)])
def test_spikes_are_one_convolution(windows: Windows, bits: int, count: int) -> None:
    rng, most = np.random.default_rng(bits), (1 << bits - 1) - 1
    weights = rng.integers(-most, most, windows.weight_shape, endpoint=True).astype(f"int{bits}")
    sent = (rng.random((2, 1, windows.pre_neurons)) < 0.5).astype(np.uint8)
    found, convolutions = run(synapses(windows, weights, False), sent, SPIKE)
    assert convolutions == count
    assert (found == through_windows(windows, weights, sent)).all()


@pytest.mark.parametrize("windows", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("ends", [(-127, 127), (0, 4064), (-40000, 3), WORD], ids=str)
def test_numbers_of_any_size(windows: Windows, bits: int, ends: tuple[int, int]) -> None:
    """All that can be, with each of the ends; sums are modulo 2^32, as those of `Add` are."""
    rng, most = np.random.default_rng(bits), (1 << bits - 1) - 1
    weights = rng.integers(-most, most, windows.weight_shape, endpoint=True).astype(f"int{bits}")
    sent = rng.integers(*ends, (2, 1, windows.pre_neurons), endpoint=True).astype(np.int32)
    sent[0, 0, :9], sent[1, 0, :9] = ends
    found, _ = run(synapses(windows, weights, True), sent, ends)
    up, down = (through_windows(windows, weights, part) for part in (sent >> 16, sent & 0xFFFF))
    assert (found == wrapped(up.astype(np.int64) * (1 << 16) + down.astype(np.int64))).all()


def test_the_most_that_float32_adds_exactly() -> None:
    """Sums of 2^24 take one `Conv`, those of one more two."""
    windows = Windows(Planes(1, 2, 1), Planes(1, 2, 1), 1, 1, 0, False)
    weights = np.full(windows.weight_shape, 64, np.int8)
    sent = np.array([[[1 << 18, -(1 << 18)]]], np.int32).repeat(2, axis=0)
    for most, count in ((1 << 18, 1), ((1 << 18) + 1, 2)):
        found, convolutions = run(synapses(windows, weights, True), sent, (-most, most))
        assert convolutions == count
        assert (found == 64 * sent).all()


def test_the_ends_of_what_arrives_are_those_of_the_border() -> None:
    """A window at the border has fewer taps, and weights of both signs their own worst case."""
    windows = Windows(Planes(1, 1, 2), Planes(1, 1, 1), 3, 1, 1, False)
    weights = np.arange(-4, 5, dtype=np.int8).reshape(1, 1, 3, 3)
    # The taps on the plane: the middle row's 0 and 1.
    assert synapses(windows, weights, False).ends() == (0, 1)
    assert synapses(windows, weights, True).ends((-3, 5)) == (-3, 5)
    bounds = [
        synapses(CONV, np.ones(CONV.weight_shape, np.int8), True).ends((-n, n)) for n in (1, 2)
    ]
    assert [high for _, high in bounds] == [27, 54]
    assert all(low == -high for low, high in bounds)
    assert all(one[1] < other[1] for one, other in pairwise(bounds))


def test_more_taps_than_any_digits_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from snncc.backends.exports.onnx import windows as own

    monkeypatch.setattr(own, "EXACT", 8)
    made = synapses(CONV, np.ones(CONV.weight_shape, np.int8), False)
    refused("E071", made.delivered, Nodes(), "sent", SPIKE)
