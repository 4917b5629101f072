"""The projections of a quantized network as synapses of Loihi.

A code is half a weight: 2 code 2^(6 + exponent) is added to the current, so that weights are even,
which every emulator takes as it is whatever the signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Projection
from ....ir.model import Model, weights_name
from ....ir.ranges import Range
from .compartments import Compartments

Weights = npt.NDArray[np.int16]
EXPONENTS = Range(-1, 7)  # -2 would shift bits out of an even weight
MOST_CODE = 127
SIGNS = {1: "mixed", 2: "excitatory", 3: "inhibitory"}


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A projection: `weights` [pre, post], even, and their `exponent`; the number of a row of
    SIGNS."""

    projection: Projection
    weights: Weights
    exponent: int

    @property
    def signs(self) -> int:
        """Whether there are weights of both signs, or of which."""
        if (self.weights >= 0).all():
            return 2
        return 3 if (self.weights <= 0).all() else 1


def joined(model: Model, neurons: Mapping[str, Compartments]) -> list[Joined]:
    """The projections in the order of the graph; CompileError(E071) of those that the chip does not
    have."""
    return [_joined(model, p, neurons[p.post]) for p in model.graph.projections]


def _joined(model: Model, projection: Projection, post: Compartments) -> Joined:
    brings = post.ports[projection.port]
    places = abs(brings).bit_length() - 8
    if brings == 0 or abs(brings) != 1 << (places + 7 if places >= -7 else 0):
        raise _refused(
            projection, "is brought to its neuron by no power of two", "--scale exponent"
        )
    if places not in EXPONENTS:
        message = f"has weights of the exponent {places}, and Loihi has {EXPONENTS}"
        raise _refused(projection, message, "--scale population, or other guard bits")
    if projection.delays is not None or projection.synapse is not None:
        raise _refused(projection, "has synapses of their own delays or states", "one delay")
    codes = _matrix(model, projection) * (1 if brings > 0 else -1)
    if abs(codes).max(initial=0) > MOST_CODE:
        raise _refused(projection, "has codes of more than 8 bits", "--bits 8")
    return Joined(projection, (2 * codes).astype(np.int16), places)


def _matrix(model: Model, projection: Projection) -> npt.NDArray[np.int64]:
    """The codes [pre, post]; of several synapses of a pair their sum."""
    wiring = model.wirings[projection.name]
    codes = model.values[weights_name(projection.name)].array.ravel()[wiring.places()]
    pre, post = wiring.pairs()
    index = model.graph.index()
    found = np.zeros((index[projection.pre].neurons, index[projection.post].neurons), np.int64)
    np.add.at(found, (pre, post), codes.astype(np.int64))
    return found


def _refused(projection: Projection, what: str, way_out: str) -> CompileError:
    message = f"`{projection.name}` {what}"
    return CompileError(
        Diagnostic("E071", message, projection.span, help=f"quantize it with {way_out}")
    )
