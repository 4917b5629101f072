"""The tables of connectivities and inits, and what to do with a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import Argument, Row
from ..graph import Projection
from ..ranges import ANY, COUNT, NOT_NEGATIVE, POSITIVE, SHARE
from ..types import Shape, size
from . import drawn, inits, pairs, sizes, spatial
from .arguments import refuse, require_equal_sizes
from .delays import check_delays
from .kinds import AllPairs, FloatArray, Windows, Wiring, spans
from .liquid import check_liquid, liquid
from .slices import cut, moved
from .streams import Streams, streams_of

Wire = Callable[[Projection, Shape, Shape, Streams], Wiring]
Check = Callable[[Projection, Shape, Shape], None]
Foretell = Callable[[Projection, Shape, Shape], sizes.Size]
InferShape = Callable[[Projection, Shape], Shape]
Draw = Callable[[Projection, Wiring, np.random.Generator, inits.Tensors], inits.Part]


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
    """A kind of initial weights; `draw` returns what gives them span by span. `stream` is what
    its random numbers are for: "wiring" are those that the synapses were drawn from."""

    draw: Draw = field(kw_only=True)
    stream: str = field(kw_only=True, default="weights")


def _same_shape(projection: Projection, pre_shape: Shape) -> Shape:
    return pre_shape


# Of wirings by chance: whether a neuron may be joined to itself, and a pair several times.
ITSELF = Argument("self", "bool", True, silent=True, told=True)
MULTAPSES = Argument("multapses", "bool", False, silent=True)

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
        (Argument("p", "1", range=SHARE), ITSELF),
        wire=drawn.sparse,
        size=sizes.share,
        check=drawn.check_sparse,
    ),
    "fixed_fan_in": Connectivity(
        "k distinct pre neurons for every post neuron",
        (Argument("k", "int", range=NOT_NEGATIVE), ITSELF, MULTAPSES),
        wire=drawn.fixed_fan_in,
        size=sizes.same_fan_in,
        check=drawn.check_fixed_fan_in,
    ),
    "fixed_fan_out": Connectivity(
        "k distinct post neurons for every pre neuron",
        (Argument("k", "int", range=NOT_NEGATIVE), ITSELF, MULTAPSES),
        wire=drawn.fixed_fan_out,
        size=sizes.same_fan_out,
        check=drawn.check_fixed_fan_out,
    ),
    "fixed_total": Connectivity(
        "n pairs of all",
        (Argument("n", "int", range=NOT_NEGATIVE), ITSELF, MULTAPSES),
        wire=drawn.fixed_total,
        size=sizes.same_total,
        check=drawn.check_fixed_total,
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
            Argument("groups", "int", 1, range=COUNT, silent=True),
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
        (
            Argument("low", "quantity", -1.0, range=ANY),
            Argument("high", "quantity", 1.0, range=ANY),
        ),
        draw=inits.uniform,
    ),
    "normal": Init(
        "normal",
        (
            Argument("mean", "quantity", 0.0, range=ANY),
            Argument("sd", "quantity", 1.0, range=NOT_NEGATIVE),
        ),
        draw=inits.normal,
    ),
    "constant": Init("one value", (Argument("value", "quantity", range=ANY),), draw=inits.constant),
    "kaiming": Init(
        "normal, sd = gain / sqrt(fan-in)",
        (Argument("gain", "1", 2.0**0.5, range=NOT_NEGATIVE),),
        draw=inits.kaiming,
    ),
    "dale": Init(
        "of a `liquid`: magnitude from neurons that excite, -magnitude from those that inhibit",
        (Argument("magnitude", "quantity", 1.0, range=NOT_NEGATIVE),),
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
    row = CONNECTIVITIES[projection.connectivity.kind]
    check_delays(projection, row.windows is not None)
    row.check(*cut(projection, pre_shape, post_shape, row.windows is not None))


def foretold_size(projection: Projection, pre_shape: Shape, post_shape: Shape) -> sizes.Size:
    """How large the projection will be; nothing of it is made."""
    check_projection(projection, pre_shape, post_shape)
    row = CONNECTIVITIES[projection.connectivity.kind]
    found = row.size(*cut(projection, pre_shape, post_shape))
    is_listed = found.is_listed or projection.is_sliced or projection.delays is not None
    return found._replace(is_listed=is_listed)


def wire(
    projection: Projection, pre_shape: Shape, post_shape: Shape, seed: int, threads: int = 1
) -> Wiring:
    """The synapses of the projection; the same for the same seed and projection name, on any number
    of threads."""
    check_projection(projection, pre_shape, post_shape)
    row = CONNECTIVITIES[projection.connectivity.kind]
    streams = streams_of(projection.name, seed, "wiring", threads)
    made = row.wire(*cut(projection, pre_shape, post_shape), streams)
    return moved(made, projection, pre_shape, post_shape)


def unlisted(projection: Projection, pre_shape: Shape, post_shape: Shape) -> AllPairs | Windows:
    """The wiring of a projection that no list belongs to: windows where its kind has them, else all
    pairs."""
    windows = CONNECTIVITIES[projection.connectivity.kind].windows
    if windows is not None:
        return windows(projection, pre_shape)
    return AllPairs(size(pre_shape), size(post_shape))


def initial_weights(
    projection: Projection,
    wiring: Wiring,
    seed: int,
    tensors: Mapping[str, npt.NDArray[Any]],
    room: FloatArray | None = None,
) -> FloatArray:
    """The first weights, float32 of the wiring's weight shape; same seed and name, same weights.
    They are written into `room`, flat, where it is given."""
    row = INITS[projection.init.kind]
    generator = streams_of(projection.name, seed, row.stream).generator()
    part = row.draw(projection, wiring, generator, tensors)
    flat = np.empty(size(wiring.weight_shape), np.float32) if room is None else room
    for span in spans(len(flat)):
        with np.errstate(over="ignore"):
            flat[span] = part(span)
        if not np.isfinite(flat[span]).all():
            message = f"an initial weight of `{projection.name}` is not a finite number"
            raise refuse(projection, message)
    return flat.reshape(wiring.weight_shape)
