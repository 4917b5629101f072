"""Connectivities and initial weights: from a projection to its synapses, deterministically."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .rules import Argument, Row
from .types import Shape

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]


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

    @property
    def synapses(self) -> int:
        """The number of synapses."""
        return self.pre_neurons * self.post_neurons if self.pre is None else len(self.pre)


# The tables. `wire` and `shape` of a connectivity row and `draw` of an init row are what it does.

CONNECTIVITIES: dict[str, Row] = {
    "dense": Row("every pre neuron to every post neuron"),
    "one_to_one": Row("neuron k to neuron k"),
    "sparse": Row("each pair with probability p", (Argument("p", "1"),)),
    "fixed_fan_in": Row("k distinct pre neurons for every post neuron", (Argument("k", "int"),)),
    "liquid": Row(
        "distance-dependent reservoir wiring on a grid (Zhang & Li 2019)",
        (
            Argument("grid", "shape"),
            Argument("lambda", "1", 2.0),
            Argument("wiring", "text", "symmetric", ("paper", "symmetric")),
            Argument("inhibitory", "1", 0.2),
            Argument("density", "1", 1.5),
        ),
    ),
    "conv2d": Row(
        "2-D correlation with shared weights, channels first",
        (
            Argument("channels", "int"),
            Argument("kernel", "int"),
            Argument("stride", "int", 1),
            Argument("padding", "int", 0),
        ),
    ),
    "pool2d": Row(
        "sum over square windows, weight 1, fixed",
        (Argument("kernel", "int"), Argument("stride", "int", 0)),
    ),
    "lateral_inhibition": Row("every neuron to every other of its own population"),
    "list": Row("the synapses given as [pre, post, weight]", (Argument("synapses", "list"),)),
    "file": Row(
        "weights from an .npy, .npz, .safetensors or .csv file: [pre, post] matrix, or rows of "
        "pre, post, weight",
        (Argument("path", "text"), Argument("key", "text", "")),
    ),
    "expression": Row(
        "all pairs (i, j) of flat indices where a condition holds",
        (Argument("where", "expr"),),
    ),
}

INITS: dict[str, Row] = {
    "uniform": Row("uniform in [low, high)", (Argument("low", "1", -1.0), Argument("high", "1", 1.0))),
    "normal": Row("normal", (Argument("mean", "1", 0.0), Argument("sd", "1", 1.0))),
    "constant": Row("one value", (Argument("value", "1"),)),
    "kaiming": Row("normal, sd = gain / sqrt(fan-in)", (Argument("gain", "1", 2.0**0.5),)),
    "expression": Row("a function of the flat indices i (pre) and j (post)", (Argument("value", "expr"),)),
    "given": Row("the tensor of that name in Graph.tensors", (Argument("tensor", "text"),)),
}
