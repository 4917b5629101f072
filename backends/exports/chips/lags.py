"""By how many steps each population runs late on an emulator, so that every spike arrives when it
does in the network.

A spike that the network brings d steps later takes d + lag(post) - lag(pre) steps on the emulator,
which must be a delay that it has. Lags are the least that there are: longest paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Projection
from ....ir.ranges import Range
from .flavours import FLAVOURS

Lags = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Takes:
    """How long spikes take on what has this `name`: those of neurons a number of steps in `delays`,
    those of inputs at least `least_input`; the `way_out` of a network that has others."""

    name: str
    delays: Range
    least_input: int
    way_out: str


def lags_of(graph: Graph, flavour: str, awake: frozenset[str]) -> Lags:
    """The lags on an emulator of Loihi."""
    row = FLAVOURS[flavour]
    return lags_by(graph, Takes(flavour, row.delays, row.least_input, _way_out(flavour)), awake)


def lags_by(graph: Graph, takes: Takes, awake: frozenset[str]) -> Lags:
    """The lag of each population; 0 of those that are `awake`, which move by themselves before
    anything arrives. CompileError(E071) where there are none, at a projection that is too early or
    too late."""
    inputs = {p.name for p in graph.populations if p.step is None}
    least, most = int(takes.delays.low), int(takes.delays.high)
    lags = dict.fromkeys((p.name for p in graph.populations), 0)
    for _ in range(len(lags) + 1):
        before = dict(lags)
        for projection in graph.projections:
            pre, post, delay = projection.pre, projection.post, projection.delay
            if pre in inputs:
                lags[post] = max(lags[post], takes.least_input - delay)
                continue
            lags[post] = max(lags[post], lags[pre] + least - delay)
            lags[pre] = max(lags[pre], lags[post] + delay - most)
        if lags == before:
            break
    moved = [p for p in graph.projections if lags[p.post] != before[p.post]]
    early = [p for p in graph.projections if p.post in awake and lags[p.post] > 0]
    if moved:
        raise _refused(min(moved, key=lambda p: p.pre in inputs), takes)
    if early:
        why = ", and the neurons of its end move by themselves"
        raise _refused(min(early, key=lambda p: p.delay), takes, why)
    return lags


def _refused(projection: Projection, takes: Takes, why: str = "") -> CompileError:
    has = takes.delays
    taken = f"{has.low:g}" if has.low == has.high else f"{has.low:g} to {has.high:g}"
    message = (
        f"`{projection.name}` takes {projection.delay} steps, which on `{takes.name}`, whose "
        f"spikes take {taken}, no population's lag makes up for{why}"
    )
    return CompileError(Diagnostic("E071", message, projection.span, help=takes.way_out))


def _way_out(flavour: str) -> str:
    others = [name for name in FLAVOURS if FLAVOURS[name].delays.high > 1]
    if flavour in others:
        return "give loops a step a projection at least, or quantize with --extra-delay 1"
    return f"give loops a step a projection, or take --flavour {' or '.join(others)}"


def delay_of(projection: Projection, lags: Lags) -> int:
    """The steps that a spike takes on the emulator."""
    return projection.delay + lags[projection.post] - lags.get(projection.pre, 0)
