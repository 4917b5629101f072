"""What a NIR graph leaves open, and what decides it: the user, the file, or the format.

Equations of NIR are in continuous time, and it has no field for the step of time nor for what a
spike does to a potential above the threshold. Nothing of this is guessed: what is neither given
nor to be read from the numbers of the file is asked for (E092).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ...ir.nir.graph import (
    INTEGRATING,
    OPEN,
    SPIKING,
    UNFIT,
    Floats,
    NirGraph,
    Node,
    refusal,
)
from ...ir.nir.said import MARKS, Method, NirFile, Said, key_of

SAME = 1e-4  # by how much what is one number in a file may differ
MOST_STEPS = 1e4  # of a time constant


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user said; None is left to the file. Times are in seconds, as NIR's."""

    dt: float | None = None
    reset: str | None = None
    discretize: str | None = None
    comparison: str | None = None
    gain: str | None = None
    delay: int | None = None  # [steps] of an edge that closes a cycle
    signals: str | None = None  # what an Input sends
    transposed: tuple[str, ...] = ()  # nodes whose weights are [inputs, outputs]
    repair: bool = False  # edges that name what is not there
    spikes: int | None = None  # the most of a neuron in a step
    floor: float | None = None  # below which no potential is


class Decision(NamedTuple):
    """`how` is given, inferred, or default; `evidence` is what it stands on."""

    name: str
    value: str | float | int
    how: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Every choice made, and how. What is `forced` holds whatever nodes say of themselves."""

    dt: float
    reset: str
    discretize: str
    comparison: str
    gain: str
    delay: int
    signals: str
    spikes: int
    floor: float | None
    decisions: tuple[Decision, ...]
    forced: frozenset[str] = frozenset()

    def of(self, node: Node) -> Settled:
        """What holds for one node."""
        own = {mark: value for mark, value in node.marks.items() if mark not in self.forced}
        reset, comparison = (own.get(mark, getattr(self, mark)) for mark in MARKS)
        return replace(self, reset=reset, comparison=comparison)


def settle(file: NirFile, graph: NirGraph, choices: Choices) -> Settled:
    """All that the file leaves open; CompileError(E092) for what neither it nor the user says."""
    found = [*_settled(graph, choices, file.said)]
    missing = [row for row in found if row.how == "open"]
    if missing:
        asked = "; ".join(row.evidence for row in missing)
        names = ", ".join(f"{row.name} ({row.value})" for row in missing)
        raise refusal(OPEN, f"`{file.name}` does not say: {names}", asked)
    values = {row.name: row.value for row in found}
    dt = float(values["dt"])
    _require_steps(graph, dt, str(values["discretize"]))
    settled = Settled(
        dt,
        str(values["reset"]),
        str(values["discretize"]),
        str(values["comparison"]),
        str(values["gain"]),
        int(values["recurrent delay"]),
        str(values["input"]),
        int(values["spikes per step"]),
        None if values["membrane floor"] == "none" else float(values["membrane floor"]),
        tuple(found),
        frozenset(mark for mark in MARKS if getattr(choices, mark) is not None),
    )
    for node in graph.nodes.values():
        if node.kind in SPIKING:
            _require_reset(node, settled.of(node))
            _require_floor(node, settled.of(node))
    return settled


def _settled(graph: NirGraph, choices: Choices, said: Said) -> Iterator[Decision]:
    kinds = {node.kind for node in graph.nodes.values()}
    implied = implied_step(graph)
    yield _step(choices, said, implied)
    yield _given("reset", choices.reset, said.reset) or _reset(kinds)
    yield _given("discretize", choices.discretize, said.discretize) or _method(kinds, implied)
    yield _given("comparison", choices.comparison, said.comparison) or NIR_ABOVE
    yield _given("gain", choices.gain, said.gain) or _gain(graph)
    yield _given("recurrent delay", choices.delay, said.recurrent_delay) or LEAST
    yield _given("input", choices.signals, said.input) or OF_SPIKES
    yield _given("spikes per step", choices.spikes, said.spikes_per_step) or ONE_SPIKE
    yield _given("membrane floor", choices.floor, said.membrane_floor) or NO_FLOOR
    for node in graph.nodes.values():
        for mark, value in node.marks.items():
            if getattr(choices, mark) is None:
                told = f"`{key_of(mark)}` of the node"
                yield Decision(f"{mark} of {node.name}", value, "given", told)
    for name in choices.transposed:
        yield Decision("transposed", name, "given", "--transpose")
    yield Decision("start", 0, "default", "potentials and currents begin at 0")


ABOVE = "NIR's equations say v > v_threshold"
NIR_ABOVE = Decision("comparison", "above", "default", ABOVE)
LEAST = Decision("recurrent delay", 1, "default", "the least that a cycle can have")
OF_SPIKES = Decision("input", "spikes", "default", "NIR's S is of spikes")
ONCE = "NIR's threshold says whether, not how often"
ONE_SPIKE = Decision("spikes per step", 1, "default", ONCE)
NO_FLOOR = Decision("membrane floor", "none", "default", "NIR has none")


def _given(name: str, given: str | float | None, told: str | float | None) -> Decision | None:
    """What the user says, else what the file says of itself."""
    key = key_of(name.replace(" ", "_"))
    if given is not None:
        beside = "" if told in (None, given) else f"; the file's `{key}` is {told}"
        return Decision(name, given, "given", f"--{name.replace(' ', '-')}{beside}")
    return None if told is None else Decision(name, told, "given", f"the file's `{key}`")


class Implied(NamedTuple):
    """A step of time [s] that numbers of a file come to, and where."""

    dt: float
    evidence: str


def implied_step(graph: NirGraph) -> Implied | None:
    """The step with which `r = tau / dt`, and `w_in = tau_syn / dt`, in every node: so exporters of
    discrete networks write v' = beta v + I, and nobody else does."""
    found = [pair for node in graph.nodes.values() for pair in _quotients(node)]
    if not found:
        return None
    steps = np.concatenate([np.ravel(quotient) for _, quotient, _ in found])
    shortest = min(float(np.min(tau)) for _, _, tau in found)
    dt = float(np.median(steps))
    if not np.isfinite(steps).all() or not 0 < dt < 0.999 * shortest:
        return None
    if not np.all(np.abs(steps - dt) <= SAME * dt):
        return None
    names = ", ".join(name for name, _, _ in found[:4]) + (", …" if len(found) > 4 else "")
    return Implied(float(f"{dt:.6g}"), f"one number in all: {names}")


def _quotients(node: Node) -> Iterator[tuple[str, Floats, Floats]]:
    """What a step would be, how it is worked out, and the time constant of it."""
    pairs = {
        "LIF": (("tau", "r"),),
        "LI": (("tau", "r"),),
        "CubaLIF": (("tau_mem", "r"), ("tau_syn", "w_in")),
        "CubaLI": (("tau_mem", "r"), ("tau_syn", "w_in")),
    }.get(node.kind, ())
    for tau, gain in pairs:
        times, factor = node.numbers(tau), node.numbers(gain, 1.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            yield f"{node.name}.{tau} / {gain}", np.asarray(times / factor), times


def _step(choices: Choices, said: Said, implied: Implied | None) -> Decision:
    if choices.dt is not None:
        told = "" if implied is None else f"; the file's numbers come to {implied.dt:g}"
        is_same = implied is not None and abs(implied.dt - choices.dt) <= SAME * choices.dt
        return Decision("dt", choices.dt, "given", "--dt" + ("" if is_same else told))
    if said.dt is not None:
        return Decision("dt", said.dt, "given", f"the file's `{key_of('dt')}`")
    if implied is not None:
        return Decision("dt", implied.dt, "inferred", implied.evidence)
    return Decision("dt", "the step of time in seconds", "open", "say `--dt 1e-3`")


def _reset(kinds: set[str]) -> Decision:
    if not kinds & SPIKING:
        return Decision("reset", "none", "inferred", "no node has a reset")
    way_out = "say `--reset zero` (to v_reset) or `--reset subtract` (by the threshold)"
    return Decision("reset", "what a spike does to the potential", "open", way_out)


def _method(kinds: set[str], implied: Implied | None) -> Decision:
    if not kinds & INTEGRATING:
        return Decision("discretize", "euler", "inferred", "no node has an equation")
    has_currents = bool(kinds & {"CubaLI", "CubaLIF"})
    if implied is not None and not has_currents:
        return Decision("discretize", "euler", "inferred", f"r = tau / dt: {implied.evidence}")
    options = tuple(Method) if has_currents else (Method.EULER, Method.EXPONENTIAL)
    way_out = f"say `--discretize` {', '.join(options)}"
    return Decision("discretize", "how a step solves the equations", "open", way_out)


def _gain(graph: NirGraph) -> Decision:
    """Whether the r of nodes without a leak is per second or per step."""
    nodes = [node for node in graph.nodes.values() if node.kind in ("I", "IF")]
    if not nodes:
        return Decision("gain", "time", "default", "no node integrates without a leak")
    if all(bool(np.all(node.numbers("r") == 1)) for node in nodes):
        names = ", ".join(node.name for node in nodes[:4])
        return Decision("gain", "step", "inferred", f"r = 1 without a time constant: {names}")
    way_out = "say `--gain time` (v' = r I, per second) or `--gain step` (v + r I each step)"
    return Decision("gain", "what the r of I and IF is per", "open", way_out)


def _require_steps(graph: NirGraph, dt: float, method: str) -> None:
    for node, name, times in _times(graph.nodes.values()):
        low, high = float(np.min(times)), float(np.max(times))
        where = f"`{node.name}` ({node.kind}) has {name} = {low:g} s"
        if low <= 0:
            raise refusal(UNFIT, where, "a time constant is above 0")
        if method.startswith("euler") and low < dt * (1 - SAME):
            raise refusal(UNFIT, f"{where}, less than the step of {dt:g} s", "give a smaller --dt")
        if high > MOST_STEPS * dt:
            message = f"`{node.name}` ({node.kind}) has {name} = {high:g} s, {high / dt:.3g} steps"
            raise refusal(UNFIT, message, "NIR's times are in seconds, and so is --dt")


def _times(nodes: Iterable[Node]) -> Iterator[tuple[Node, str, Floats]]:
    for node in nodes:
        for name in ("tau", "tau_mem", "tau_syn"):
            if name in node.fields:
                yield node, name, node.numbers(name)


def _require_reset(node: Node, settled: Settled) -> None:
    where = f"`{node.name}` ({node.kind})"
    if settled.reset == "subtract" and np.any(node.numbers("v_reset")):
        message = f"{where} has a v_reset, and --reset subtract leaves none"
        raise refusal(UNFIT, message, "say `--reset zero`, which resets to v_reset")
    if settled.spikes == 1:
        return
    if settled.reset != "subtract":
        message = f"{where} is reset to v_reset, which leaves nothing to fire of again in a step"
        raise refusal(UNFIT, message, "several spikes per step go with `--reset subtract`")
    if np.any(node.numbers("v_threshold") <= 0):
        message = f"{where} has a threshold of 0 or below, over which it would fire without end"
        raise refusal(UNFIT, message, "several spikes per step go with thresholds above 0")


def _require_floor(node: Node, settled: Settled) -> None:
    if settled.floor is None:
        return
    where = f"`{node.name}` ({node.kind})"
    resets = node.numbers("v_reset") if settled.reset == "zero" else np.zeros(1)
    for name, values in (("v_threshold", node.numbers("v_threshold")), ("v_reset", resets)):
        low = float(np.min(values))
        if low < settled.floor or (name == "v_threshold" and low == settled.floor):
            message = f"{where} has a {name} of {low:g}, and the membrane floor is above it"
            raise refusal(UNFIT, message, "give a lower `--membrane-floor`")
