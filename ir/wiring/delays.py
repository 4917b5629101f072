"""Delays of single synapses, drawn in whole steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..arguments import Argument, Row
from ..calls import number, text
from ..graph import Call, Projection
from ..ranges import NOT_NEGATIVE
from .arguments import refuse
from .inits import Tensors
from .kinds import IntArray, Listed, Windows, Wiring, order_of, spans
from .pairs import listed_pairs
from .streams import streams_of

Draw = Callable[[Call, int, np.random.Generator], npt.NDArray[np.float64]]
ROUNDS = 200  # in which delays that are too short are drawn again
MOST_DELAYS = 1000  # of one projection: engines keep a list, or a row of sums, for each


@dataclass(frozen=True, slots=True)
class Delays(Row):
    """A distribution of delays; `draw` returns so many in ms. `shortest` [ms] is one that none is
    shorter than, `longest` one that hardly any is longer than; those of many synapses are as
    far apart as `spread` [ms] says."""

    draw: Draw = field(kw_only=True)
    shortest: Callable[[Call], float] = field(kw_only=True)
    longest: Callable[[Call], float] = field(kw_only=True)
    spread: Callable[[Call], float] = field(kw_only=True)


def _uniform(call: Call, count: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    low, high = number(call, "low"), number(call, "high")
    return low + (high - low) * generator.random(count)


def _normal(call: Call, count: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    return number(call, "mean") + number(call, "sd") * generator.standard_normal(count)


# The shortest delay that may be, 0 for one step.
LEAST = Argument("min", "ms", 0.0, range=NOT_NEGATIVE)

DRAWN: dict[str, Delays] = {
    "uniform": Delays(
        "uniform in [low, high)",
        (
            Argument("low", "ms", range=NOT_NEGATIVE),
            Argument("high", "ms", range=NOT_NEGATIVE),
            LEAST,
        ),
        draw=_uniform,
        shortest=lambda call: number(call, "low"),
        longest=lambda call: number(call, "high"),
        spread=lambda call: number(call, "high") - max(number(call, "low"), number(call, "min")),
    ),
    "normal": Delays(
        "normal, of which what is too short is drawn again",
        (
            Argument("mean", "ms", range=NOT_NEGATIVE),
            Argument("sd", "ms", range=NOT_NEGATIVE),
            LEAST,
        ),
        draw=_normal,
        shortest=lambda call: 0.0 if number(call, "sd") else number(call, "mean"),
        longest=lambda call: number(call, "mean") + 6.0 * number(call, "sd"),
        spread=lambda call: 2.0 * number(call, "sd"),
    ),
}


# Those of a list, in steps, int32 in its order: the tensor of that name in Graph.tensors.
GIVEN = Row("as listed", (Argument("tensor", "text"),))
DELAYS: dict[str, Row] = {**DRAWN, "given": GIVEN}


def longest_delay(call: Call) -> float:
    """A delay [ms] that hardly any of the distribution is longer than."""
    return DRAWN[call.kind].longest(call)


def shortest_delay(call: Call) -> float:
    """The delay [ms] that none of the distribution is shorter than."""
    return max(number(call, "min"), DRAWN[call.kind].shortest(call))


def told_spread(projection: Projection, dt: float, tensors: Tensors) -> int:
    """By how many steps the delays of a projection differ, as far as that is known without drawing
    them."""
    call = projection.delays
    if call is None:
        return 0
    if call.kind in DRAWN:
        return min(MOST_DELAYS - 1, max(0, int(DRAWN[call.kind].spread(call) / dt)))
    given = tensors.get(text(call, "tensor"))
    return 0 if given is None or not given.size else int(np.ptp(given))


def delays_of(projection: Projection, wiring: Wiring) -> IntArray:
    """The delay of every synapse in steps, in the order of `pairs`."""
    if isinstance(wiring, Listed) and wiring.delay is not None:
        return wiring.delay
    return np.full(wiring.synapses, projection.delay, np.int32)


def check_delays(projection: Projection, has_windows: bool) -> None:
    """E042 where synapses cannot have delays of their own."""
    call = projection.delays
    if call is None:
        return
    if call.kind == "given" and projection.connectivity.kind != "list":
        raise refuse(projection, "only the synapses of a list have delays that are given")
    if has_windows:
        raise refuse(
            projection,
            f"the synapses of `{projection.connectivity.kind}` share their weights, and have no "
            "delays of their own",
            "give the projection one delay",
        )
    if call.kind == "uniform" and not number(call, "low") <= number(call, "high"):
        low, high = number(call, "low"), number(call, "high")
        raise refuse(projection, f"delays from {low:g} to {high:g} ms are none", "swap the two")


def with_delays(
    projection: Projection, wiring: Wiring, dt: float, seed: int, tensors: Tensors
) -> Wiring:
    """The wiring, its synapses with delays where the projection says how these are distributed, or
    which they are."""
    if projection.delays is None:
        return wiring
    assert not isinstance(wiring, Windows)
    if projection.delays.kind == "given":
        delays = _given(projection, wiring, tensors)
    else:
        delays = _all_drawn(projection, wiring, dt, seed)
    if len(delays) and np.ptp(delays) >= MOST_DELAYS:
        ends = f"from {delays.min()} to {delays.max()} steps"
        way_out = f"make them less different, fewer than {MOST_DELAYS} steps, or dt longer"
        raise refuse(projection, f"the delays of `{projection.name}` go {ends}", way_out)
    return Listed(wiring.pre_neurons, wiring.post_neurons, *wiring.pairs(), delays)


def _given(projection: Projection, wiring: Wiring, tensors: Tensors) -> IntArray:
    assert projection.delays is not None
    name = text(projection.delays, "tensor")
    if name not in tensors or tensors[name].shape != (wiring.synapses,):
        raise refuse(projection, f"the delays `{name}` are missing, or are not one a synapse")
    pairs = listed_pairs(projection)
    return np.asarray(tensors[name])[order_of(pairs[:, 0], pairs[:, 1])].astype(np.int32)


def _all_drawn(projection: Projection, wiring: Wiring, dt: float, seed: int) -> IntArray:
    generator = streams_of(projection.name, seed, "delays").generator()
    delays = np.empty(wiring.synapses, np.int32)
    for span in spans(wiring.synapses):
        delays[span] = _drawn(projection, span.stop - span.start, dt, generator)
    return delays


def _drawn(
    projection: Projection, count: int, dt: float, generator: np.random.Generator
) -> IntArray:
    """Delays to the nearest step, drawn again where that is below the shortest."""
    call = projection.delays
    assert call is not None
    draw = DRAWN[call.kind].draw
    steps = np.rint(draw(call, count, generator) / dt)
    for _ in range(ROUNDS):
        short = np.flatnonzero(steps < projection.delay)
        if not len(short):
            return steps.astype(np.int32)
        steps[short] = np.rint(draw(call, len(short), generator) / dt)
    raise refuse(
        projection,
        f"hardly any delay of `{projection.name}` is {projection.delay * dt:g} ms or longer",
        "choose a shorter `min`, or longer delays",
    )
