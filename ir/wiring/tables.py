"""The tables of connectivities and inits, and what to do with a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import Argument, Row
from ..graph import Projection
from ..ranges import ANY, COUNT, NOT_NEGATIVE, POSITIVE, SHARE
from ..types import Shape, size
from . import inits, pairs, sizes, spatial
from .arguments import refuse, require_equal_sizes
from .kinds import AllPairs, FloatArray, Windows, Wiring
from .liquid import check_liquid, liquid

Wire = Callable[[Projection, Shape, Shape, np.random.Generator], Wiring]
Check = Callable[[Projection, Shape, Shape], None]
Foretell = Callable[[Projection, Shape, Shape], sizes.Size]
InferShape = Callable[[Projection, Shape], Shape]
Draw = Callable[[Projection, Wiring, np.random.Generator, inits.Tensors], inits.Weights]


@dataclass(frozen=True, slots=True)
class Connectivity(Row):
    """A kind of wiring. `check` refuses arguments and shapes that cannot be, cheaply; `wire`
    builds the synapses; `size` foretells how many there will be; `shape`, where the kind fixes it,
    is the post shape for a pre shape; `windows`, where the synapses are some, which; `learns`,
    whether a rule may change its weights."""

    wire: Wire = field(kw_only=True)
    check: Check = field(kw_only=True, default=pairs.check_all_pairs)
    size: Foretell = field(kw_only=True, default=sizes.matrix)
    shape: InferShape | None = field(kw_only=True, default=None)
    windows: Callable[[Projection, Shape], Windows] | None = field(kw_only=True, default=None)
    learns: bool = field(kw_only=True, default=True)


@dataclass(frozen=True, slots=True)
class Init(Row):
    """A kind of initial weights; `draw` returns them in the wiring's weight shape. `stream` is what
    its random numbers are for: "wiring" are those that the synapses were drawn from."""

    draw: Draw = field(kw_only=True)
    stream: str = field(kw_only=True, default="weights")


def _same_shape(projection: Projection, pre_shape: Shape) -> Shape:
    return pre_shape


CONNECTIVITIES: dict[str, Connectivity] = {
    "dense": Connectivity("every pre neuron to every post neuron", wire=pairs.dense),
    "one_to_one": Connectivity(
        "neuron k to neuron k",
        wire=pairs.one_to_one,
        size=sizes.one_each,
        check=require_equal_sizes,
        shape=_same_shape,
    ),
    "sparse": Connectivity(
        "each pair with probability p",
        (Argument("p", "1", range=SHARE),),
        wire=pairs.sparse,
        size=sizes.share,
        check=pairs.check_sparse,
    ),
    "fixed_fan_in": Connectivity(
        "k distinct pre neurons for every post neuron",
        (Argument("k", "int", range=NOT_NEGATIVE),),
        wire=pairs.fixed_fan_in,
        size=sizes.same_fan_in,
        check=pairs.check_fixed_fan_in,
    ),
    "liquid": Connectivity(
        "distance-dependent reservoir wiring on a grid (Zhang & Li 2019)",
        (
            Argument("grid", "shape"),
            Argument("lambda", "1", 2.0, range=POSITIVE),
            Argument("wiring", "text", "symmetric", ("paper", "symmetric")),
            Argument("inhibitory", "1", 0.2, range=SHARE),
            Argument("density", "1", 1.5, range=NOT_NEGATIVE),
        ),
        wire=liquid,
        size=sizes.near,
        check=check_liquid,
    ),
    "conv2d": Connectivity(
        "2-D correlation with shared weights, channels first",
        (
            Argument("channels", "int", range=COUNT),
            Argument("kernel", "int", range=COUNT),
            Argument("stride", "int", 1, range=COUNT),
            Argument("padding", "int", 0, range=NOT_NEGATIVE),
        ),
        wire=spatial.conv2d,
        size=sizes.convolution,
        check=spatial.check_conv2d,
        shape=spatial.conv2d_shape,
        windows=spatial.convolved,
    ),
    "pool2d": Connectivity(
        "sum over square windows, weight 1, fixed",
        (Argument("kernel", "int", range=COUNT), Argument("stride", "int", 0, range=NOT_NEGATIVE)),
        wire=spatial.pool2d,
        size=sizes.pooling,
        check=spatial.check_pool2d,
        shape=spatial.pool2d_shape,
        windows=spatial.pooled,
        learns=False,
    ),
    "lateral_inhibition": Connectivity(
        "every neuron to every other of its own population",
        wire=pairs.lateral_inhibition,
        size=sizes.all_but_own,
        check=pairs.check_lateral,
    ),
    "list": Connectivity(
        "the synapses given as [pre, post, weight]",
        (Argument("synapses", "list"),),
        wire=pairs.listed,
        size=sizes.as_listed,
        check=pairs.check_list,
    ),
    "file": Connectivity(
        "weights from an .npy, .npz, .safetensors or .csv file: [pre, post] matrix, or rows of "
        "pre, post, weight",
        (
            Argument("path", "text"),
            Argument("key", "text", ""),
            Argument("layout", "text", "auto", ("auto", "matrix", "post_pre", "list")),
        ),
        wire=pairs.dense,
    ),
    "expression": Connectivity(
        "all pairs (i, j) of flat indices where a condition holds",
        (Argument("where", "expr"),),
        wire=pairs.where_pairs,
        size=sizes.unknown,
        check=pairs.check_expression,
    ),
}

INITS: dict[str, Init] = {
    "uniform": Init(
        "uniform in [low, high)",
        (Argument("low", "1", -1.0, range=ANY), Argument("high", "1", 1.0, range=ANY)),
        draw=inits.uniform,
    ),
    "normal": Init(
        "normal",
        (Argument("mean", "1", 0.0, range=ANY), Argument("sd", "1", 1.0, range=NOT_NEGATIVE)),
        draw=inits.normal,
    ),
    "constant": Init("one value", (Argument("value", "1", range=ANY),), draw=inits.constant),
    "kaiming": Init(
        "normal, sd = gain / sqrt(fan-in)",
        (Argument("gain", "1", 2.0**0.5, range=NOT_NEGATIVE),),
        draw=inits.kaiming,
    ),
    "dale": Init(
        "of a `liquid`: magnitude from neurons that excite, -magnitude from those that inhibit",
        (Argument("magnitude", "1", 1.0, range=NOT_NEGATIVE),),
        draw=inits.dale,
        stream="wiring",
    ),
    "expression": Init(
        "a function of the flat indices i (pre) and j (post)",
        (Argument("value", "expr"),),
        draw=inits.by_expression,
    ),
    "given": Init(
        "the tensor of that name in Graph.tensors", (Argument("tensor", "text"),), draw=inits.given
    ),
}


def check_projection(projection: Projection, pre_shape: Shape, post_shape: Shape) -> None:
    """Refuse, without building it, a connectivity that cannot join these shapes."""
    CONNECTIVITIES[projection.connectivity.kind].check(projection, pre_shape, post_shape)


def foretold_size(projection: Projection, pre_shape: Shape, post_shape: Shape) -> sizes.Size:
    """How large the projection will be; nothing of it is made."""
    check_projection(projection, pre_shape, post_shape)
    return CONNECTIVITIES[projection.connectivity.kind].size(projection, pre_shape, post_shape)


def wire(projection: Projection, pre_shape: Shape, post_shape: Shape, seed: int) -> Wiring:
    """The synapses of the projection; the same for the same seed and projection name."""
    check_projection(projection, pre_shape, post_shape)
    row = CONNECTIVITIES[projection.connectivity.kind]
    return row.wire(projection, pre_shape, post_shape, _generator(projection, seed, "wiring"))


def unlisted(projection: Projection, pre_shape: Shape, post_shape: Shape) -> AllPairs | Windows:
    """The wiring of a projection that no list belongs to: windows where its kind has them, else all
    pairs."""
    windows = CONNECTIVITIES[projection.connectivity.kind].windows
    if windows is not None:
        return windows(projection, pre_shape)
    return AllPairs(size(pre_shape), size(post_shape))


def initial_weights(
    projection: Projection, wiring: Wiring, seed: int, tensors: Mapping[str, npt.NDArray[Any]]
) -> FloatArray:
    """The first weights, float32 of the wiring's weight shape; same seed and name, same weights."""
    row = INITS[projection.init.kind]
    drawn = row.draw(projection, wiring, _generator(projection, seed, row.stream), tensors)
    with np.errstate(over="ignore"):
        weights = drawn.astype(np.float32)
    if not np.isfinite(weights).all():
        raise refuse(projection, f"an initial weight of `{projection.name}` is not a finite number")
    return weights


def _generator(projection: Projection, seed: int, purpose: str) -> np.random.Generator:
    """A stream of its own for each seed, projection and purpose, so that none shifts another."""
    digest = sha256(f"{seed}\0{purpose}\0{projection.name}".encode()).digest()
    return np.random.Generator(np.random.Philox(_Key(digest[:16])))


class _Key(np.random.SeedSequence):
    """The key of a Philox as it is, for which `Philox(key=…)` reads the system's entropy first."""

    def __init__(self, key: bytes) -> None:
        super().__init__(0)
        self._key = key

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> npt.NDArray[Any]:
        """The key's words, which are all that a Philox asks for."""
        words = np.frombuffer(self._key, "<u8").astype(dtype)
        assert len(words) == n_words
        return words
