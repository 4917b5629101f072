"""Delays of projections: one of all synapses, of each its own by chance or by a list."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from ...ir import calls
from ...ir.diagnostics import CompileError, Diagnostic, Note, Span
from ...ir.graph import Call as IrCall
from ...ir.verify.durations import MOST_STEPS
from ...ir.wiring import DRAWN, longest_delay, shortest_delay
from ..syntax.tree import Delay
from ..typing.arguments import as_call, fill, is_distribution
from ..typing.constants import Scope
from .construction import Body
from .settings import time_of
from .tensors import Loaded


@dataclass(frozen=True, slots=True)
class Lag:
    """The delay of all synapses in steps; or the least of theirs, and which they are."""

    steps: int
    delays: IrCall | None = None


def lag_of(option: Delay | None, scope: Scope, body: Body) -> Lag:
    """What an option says, or the network where there is none."""
    dt = body.network.dt
    if option is None:
        if body.delays is not None:
            return _drawn(body.delays, dt, body.delay_place)
        return Lag(steps(body.delay, dt, body.delay_place))
    node = option.value
    if not is_distribution(node, DRAWN):
        return Lag(steps(time_of(node, scope), dt, node.span))
    call = as_call(node, "a delay")
    return _drawn(fill(DRAWN[call.name.text], call, scope, body.report, "E042"), dt, node.span)


def _drawn(delays: IrCall, dt: float | None, span: Span | None) -> Lag:
    steps(calls.number(delays, "min"), dt, span)
    if dt is None:
        return Lag(0, delays)
    ends = longest_delay(delays), shortest_delay(delays)  # an end may be given before the other
    steps(dt * ceil(max(ends) / dt), dt, span)  # refuses what is too long
    return Lag(max(1, round(ends[1] / dt)), delays)


def listed_lag(loaded: Loaded, name: str, option: Delay | None, body: Body) -> Lag:
    """That of synapses that are listed with their delays, which become a tensor of the network."""
    delays, dt = loaded.delays, body.network.dt
    assert delays is not None
    if option is not None:
        note = Note(loaded.span, "the synapses have delays of their own here")
        message = "a list with delays and `delay` both say the delays"
        way_out = "leave `delay` out, or the delays in the list"
        raise CompileError(Diagnostic("E014", message, option.span, "", (note,), way_out))
    if dt is None:
        return Lag(0)
    counts = np.rint(delays / dt)
    _require_steps(delays, counts, dt, loaded.span)
    tensor = f"{name}@delays"
    body.network.tensors[tensor] = counts.astype(np.int32)
    return Lag(int(counts.min()), IrCall("given", (("tensor", tensor),)))


def _require_steps(
    delays: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    counts: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    dt: float,
    span: Span,
) -> None:
    """E042 and E043 for the first delay that is none, or none in whole steps."""
    short = np.flatnonzero(~(delays > 0.0) | (counts > MOST_STEPS))
    if len(short):
        message = f"synapse {short[0]} of the list has a delay of {delays[short[0]]:g} ms"
        way_out = f"a synapse's own delay is {dt:g} ms, one step, or longer, up to {MOST_STEPS}"
        raise CompileError(Diagnostic("E042", message, span, help=way_out))
    # Files may hold float32, which knows seven digits.
    off = np.flatnonzero(abs(counts * dt - delays) > 1e-6 * np.maximum(delays, dt))
    if len(off):
        message = (
            f"synapse {off[0]} of the list has a delay of {delays[off[0]]:g} ms, which is not a "
            f"multiple of dt = {dt:g} ms"
        )
        way_out = f"write {max(counts[off[0]], 1.0) * dt:.10g} ms, or change dt"
        raise CompileError(Diagnostic("E043", message, span, help=way_out))


def steps(delay: float, dt: float | None, span: Span | None) -> int:
    """A delay [ms] in steps of dt [ms]; 0 where that is open."""
    if dt is None:
        return 0
    if delay / dt > MOST_STEPS:
        long = f"a delay of {delay:g} ms is {delay / dt:.3g} steps"
        message = f"{long}; at most {MOST_STEPS} are possible"
        raise CompileError(Diagnostic("E005", message, span))
    count = round(delay / dt)
    if abs(count * dt - delay) > 1e-9 * max(dt, delay):
        message = f"a delay of {delay:g} ms is not a multiple of dt = {dt:g} ms"
        way_out = f"write {max(count, 1) * dt:.10g} ms, or change dt"
        raise CompileError(Diagnostic("E043", message, span, help=way_out))
    return count
