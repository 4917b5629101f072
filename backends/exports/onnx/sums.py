"""What arrives at ports: spikes times weights in int32.

A projection of all pairs or a list is a matrix of int8 [pre, post], a byte a pair: less than a
list, which has 9 bytes or more a synapse, where more than every ninth pair is joined. Weights of 9
to 16 bits are two matrices, w = 256 high + low, high of int8 and low of uint8: 256 (spikes x high)
+ (spikes x low) is exact modulo 2^32, and so exact, since the sum is a code of 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Projection
from ....ir.integers.population import sends
from ....ir.model import Model, weights_name
from ....ir.tensors import numbers
from ....ir.types import Fixed
from ....ir.wiring import Windows, Wiring
from .floats import RealSynapses
from .nodes import Nodes
from .windows import SPIKE, MovingSynapses, RealMovingSynapses

MOST_BYTES = 1 << 30  # of a model's matrices: a file of protobuf holds 2 GiB


@dataclass(frozen=True, slots=True, eq=False)
class Synapses:
    """A projection with its weights [pre, post], int16 where int8 does not hold them; `is_number`:
    what it brings are products of weights and numbers."""

    projection: Projection
    weights: npt.NDArray[np.int8 | np.int16]
    is_number: bool = False
    kind: str = "i32"

    def ends(self, sent: tuple[int, int] = SPIKE) -> tuple[int, int]:
        """The least and the most that can arrive at a neuron in a step, of what is `sent` from the
        least to the most."""
        down = self.weights.clip(max=0).sum(axis=0, dtype=np.int64)
        up = self.weights.clip(min=0).sum(axis=0, dtype=np.int64)
        low, high = sent
        return int((low * up + high * down).min()), int((high * up + low * down).max())

    def delivered(self, nodes: Nodes, spikes: str, ends: tuple[int, int] = SPIKE) -> str:
        """The sums int32 [..., post] of spikes uint8 [..., pre], or of numbers int32."""
        weights = self.weights
        if self.is_number:
            factors = nodes.text(f"Cast({nodes.constant(weights)}, to=INT32)")
            return nodes.node("MatMul", spikes, factors)
        if weights.dtype == np.int8:
            return nodes.node("MatMulInteger", spikes, nodes.constant(weights))
        high, low = (weights >> 8).astype(np.int8), (weights & 255).astype(np.uint8)
        upper, lower = (
            nodes.node("MatMulInteger", spikes, nodes.constant(each)) for each in (high, low)
        )
        scaled = nodes.node("Mul", upper, nodes.constant(np.array(256, np.int32)))
        return nodes.node("Add", scaled, lower)


AnySynapses = Synapses | RealSynapses | MovingSynapses | RealMovingSynapses


def synapses_of(model: Model, is_coded: bool = False) -> dict[str, list[AnySynapses]]:
    """The projections that have a weight, by the population to which they lead; floats may be
    `is_coded`.

    CompileError(E071) with the largest of them for matrices that no file holds.
    """
    found: dict[str, list[AnySynapses]] = {p.name: [] for p in model.graph.populations}
    _require_small(model)
    for projection in model.graph.projections:
        wiring, codes = model.wirings[projection.name], _codes(model, projection)
        if not (wiring.synapses and codes.any()):
            continue
        if isinstance(wiring, Windows):
            made = _moving(model, projection, codes, is_coded)
        else:
            made = _synapses(model, projection, _matrix(wiring, codes), is_coded)
        found[projection.post].append(made)
    return found


def _synapses(
    model: Model, projection: Projection, weights: npt.NDArray[Any], is_coded: bool
) -> AnySynapses:
    if weights.dtype.kind == "f":
        return RealSynapses(projection, weights.astype(np.float32), is_coded)
    return Synapses(projection, weights, sends(model.graph.population(projection.pre)))


def _moving(
    model: Model, projection: Projection, weights: npt.NDArray[Any], is_coded: bool
) -> AnySynapses:
    windows = model.wirings[projection.name]
    assert isinstance(windows, Windows)
    if weights.dtype.kind == "f":
        return RealMovingSynapses(projection, windows, weights.astype(np.float32), is_coded)
    is_number = sends(model.graph.population(projection.pre))
    return MovingSynapses(projection, windows, weights, is_number)


def _require_small(model: Model) -> None:
    sizes = {p.name: _bytes(model, p) for p in model.graph.projections}
    if sum(sizes.values()) <= MOST_BYTES:
        return
    largest = max(model.graph.projections, key=lambda p: sizes[p.name])
    message = (
        f"`{largest.name}` is a matrix of {sizes[largest.name]} bytes in ONNX, and all of them may"
        f" take {MOST_BYTES}"
    )
    way_out = "take fewer neurons, or another form: C holds lists as they are"
    raise CompileError(Diagnostic("E071", message, largest.span, help=way_out))


def _bytes(model: Model, projection: Projection) -> int:
    codes, wiring = _codes(model, projection), model.wirings[projection.name]
    if isinstance(wiring, Windows):
        return codes.nbytes
    return codes.itemsize * wiring.pre_neurons * wiring.post_neurons


def _codes(model: Model, projection: Projection) -> npt.NDArray[Any]:
    value = model.values[weights_name(projection.name)]
    return value.array if isinstance(value.dtype, Fixed) else numbers(value)


def _matrix(wiring: Wiring, codes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    pre, post = wiring.pairs()
    made = np.zeros((wiring.pre_neurons, wiring.post_neurons), codes.dtype)
    made[pre, post] = codes.ravel()[wiring.places()]
    return made


def later(nodes: Nodes, spikes: str, delay: int) -> str:
    """Spikes uint8 [T, B, N] so many steps later, nothing before."""
    if not delay:
        return spikes
    longer = nodes.node("Pad", spikes, nodes.indices(delay, 0, 0, 0, 0, 0))
    ends = (nodes.indices(number) for number in (0, -delay, 0))
    return nodes.node("Slice", longer, *ends)


def past(nodes: Nodes, ring: str, late: int, delay: int) -> str:
    """Spikes uint8 [B, N] of so many steps before, from a ring [late, B, N], the last at its
    end."""
    place = nodes.constant(np.array(late - delay, np.int64))
    return nodes.node("Gather", ring, place, axis=0)


def pushed(nodes: Nodes, ring: str, late: int, spikes: str) -> str:
    """The ring with the spikes of one more step."""
    newest = nodes.node("Unsqueeze", spikes, nodes.indices(0))
    if late == 1:
        return newest
    ends = (nodes.indices(number) for number in (1, late, 0))
    return nodes.node("Concat", nodes.node("Slice", ring, *ends), newest, axis=0)
