"""Delays of single synapses, drawn in whole steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..arguments import Argument, Row
from ..calls import number
from ..graph import Call, Projection
from ..ranges import NOT_NEGATIVE
from .arguments import refuse
from .kinds import IntArray, Listed, Windows, Wiring, spans
from .streams import streams_of

Draw = Callable[[Call, int, np.random.Generator], npt.NDArray[np.float64]]
ROUNDS = 200  # in which delays that are too short are drawn again
MOST_DELAYS = 1000  # of one projection: each has a list of its own in the engines


@dataclass(frozen=True, slots=True)
class Delays(Row):
    """A distribution of delays; `draw` returns so many in ms. `shortest` [ms] is one that none is
    shorter than, `longest` one that hardly any is longer than."""

    draw: Draw = field(kw_only=True)
    shortest: Callable[[Call], float] = field(kw_only=True)
    longest: Callable[[Call], float] = field(kw_only=True)


def _uniform(call: Call, count: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    low, high = number(call, "low"), number(call, "high")
    return low + (high - low) * generator.random(count)


def _normal(call: Call, count: int, generator: np.random.Generator) -> npt.NDArray[np.float64]:
    return number(call, "mean") + number(call, "sd") * generator.standard_normal(count)


# The shortest delay that may be, 0 for one step.
LEAST = Argument("min", "ms", 0.0, range=NOT_NEGATIVE)

DELAYS: dict[str, Delays] = {
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
    ),
}


def longest_delay(call: Call) -> float:
    """A delay [ms] that hardly any of the distribution is longer than."""
    return DELAYS[call.kind].longest(call)


def shortest_delay(call: Call) -> float:
    """The delay [ms] that none of the distribution is shorter than."""
    return max(number(call, "min"), DELAYS[call.kind].shortest(call))


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


def with_delays(projection: Projection, wiring: Wiring, dt: float, seed: int) -> Wiring:
    """The wiring, its synapses with delays where the projection says how these are distributed: to
    the nearest step, and drawn again where that is below the shortest."""
    if projection.delays is None:
        return wiring
    assert not isinstance(wiring, Windows)
    generator = streams_of(projection.name, seed, "delays").generator()
    delays = np.empty(wiring.synapses, np.int32)
    for span in spans(wiring.synapses):
        delays[span] = _drawn(projection, span.stop - span.start, dt, generator)
    if len(delays) and np.ptp(delays) >= MOST_DELAYS:
        message = (
            f"the delays of `{projection.name}` go from {delays.min()} to {delays.max()} steps"
        )
        way_out = f"make them less different, fewer than {MOST_DELAYS} steps, or dt longer"
        raise refuse(projection, message, way_out)
    return Listed(wiring.pre_neurons, wiring.post_neurons, *wiring.pairs(), delays)


def _drawn(
    projection: Projection, count: int, dt: float, generator: np.random.Generator
) -> IntArray:
    call = projection.delays
    assert call is not None
    draw = DELAYS[call.kind].draw
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
