"""Neurons as nodes of NIR, recognised from what their model computes, never from its name.

With s = dt/tau (`euler`), or 1 - exp(-dt/tau) (`exponential`), a step of NIR's neurons is

    LIF, LI        v <- (1 - s) v + s (v_leak + r I)
    CubaLIF, LI    c <- (1 - s_syn) c + s_syn w_in I,    v <- (1 - s) v + s (v_leak + r c)

where v takes the new c by `euler`, the one before by `euler-together` and `exponential`, and by
`exact` what both do together. The coefficients of a population's own step give back the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ....ir.analysis.leak import rates_of
from ....ir.expr import names
from ....ir.graph import Population
from ....ir.model import Model
from ....ir.neuron import NeuronModel
from ....ir.nir.said import Method
from .gains import exact_gain, exact_time
from .model import (
    Floats,
    Known,
    Row,
    known_of,
    parted,
    row_of,
    rows_of,
    step_of,
    value_of,
    without_noise,
)
from .threshold import Firing, firing_of
from .trouble import UnsaidError

SAME = 1e-9  # of a coefficient, by which two that are worked out in two ways may differ
NEAR = 1e-11  # of a number that a program or a file says, by which one worked out may miss it
SUM = "Sum"
EVERY = frozenset(Method)
NONE: Floats = np.zeros(())
WHAT = "NIR has LIF, IF, CubaLIF and the same without a threshold: v' linear in v and one current"
SECOND = 1000.0  # [ms]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A neuron as a node: `kind` is that of NIR, or `Sum` of one that sends what arrives; `fields`
    its numbers, [] or [neurons]; `ports` by what weights to each are multiplied; `bias` a current
    in every step; `methods` the discretizations that make its very step. `per_step` is what r adds
    in a step, of a node without a leak."""

    kind: str
    fields: Mapping[str, Floats]
    ports: Mapping[str, float]
    bias: Floats = field(default_factory=lambda: NONE)
    methods: frozenset[Method] = EVERY
    per_step: Floats | None = None
    is_rate: bool = False  # whether it is a rate that the model adds
    firing: Firing | None = None


class _Part(NamedTuple):
    """A population, taken apart. `dt` in ms."""

    neuron: NeuronModel
    known: Known
    rows: Mapping[str, Row | None]
    dt: float


def cell_of(model: Model, population: Population) -> Cell:
    """The node that does what the population does; UnsaidError where there is none."""
    assert population.model is not None
    known = known_of(model, population)
    neuron, bias = parted(without_noise(population.model))
    step, values = step_of(neuron, population, model.graph.dt, known)
    part = _Part(neuron, values, rows_of(step, values), model.graph.dt)
    current = NONE if bias is None else value_of(bias, known)
    if not neuron.states:
        return _stateless(part, current)
    firing = firing_of(neuron, step, values)
    return _cell(part, firing, current)


def _stateless(part: _Part, bias: Floats) -> Cell:
    """What sends, or is tested, within the step in which it arrives."""
    neuron = part.neuron
    if neuron.spike is not None and neuron.emit is None:
        firing = firing_of(neuron, None, part.known)
        ports = _ports(firing.row, neuron)
        return Cell("Threshold", {"threshold": firing.level}, ports, bias, firing=firing)
    row = None if neuron.emit is None else row_of(neuron.emit, neuron, part.known)
    if neuron.spike is not None or row is None:
        raise UnsaidError("what it sends is no sum of what arrives", WHAT)
    return Cell(SUM, {}, _ports(row, neuron), bias + row.get("", NONE))


def _ports(row: Row, neuron: NeuronModel) -> dict[str, float]:
    """Of each port what a weight is multiplied by, one number for all neurons."""
    found = {port: row.get(port, NONE) for port in neuron.ports}
    if any(np.ndim(value) and np.ptp(value) for value in found.values()):
        raise UnsaidError("what arrives counts differently in its neurons", WHAT)
    return {port: float(np.ravel(value)[0]) for port, value in found.items()}


def _cell(part: _Part, firing: Firing, bias: Floats) -> Cell:
    v = firing.voltage
    row = part.rows.get(v)
    moving = [s.name for s in part.neuron.states if s.name != v]
    if row is None or any(part.rows.get(name) is None for name in moving):
        raise UnsaidError("its step is not linear below the threshold", WHAT)
    read = [name for name in moving if name in row]
    if len(moving) > 1 or read != moving:
        listed = ", ".join(f"`{name}`" for name in moving)
        raise UnsaidError(f"beside `{v}` it has the states {listed}", WHAT)
    if not moving:
        return _single(part, firing, row, bias)
    return _double(part, firing, row, moving[0], bias)


def _single(part: _Part, firing: Firing, row: Row, bias: Floats) -> Cell:
    """LIF and IF, LI and I."""
    keep, rest = row.get(firing.voltage, NONE), row.get("", NONE)
    gain, ports = _gains(row, part.neuron)
    fires = bool(firing.fields)
    if np.all(keep == 1.0):
        is_rate = any(p in names(ode.value) for ode in part.neuron.derivatives for p in ports)
        current = bias + np.divide(rest, gain)
        kind, numbers = ("IF" if fires else "I"), {"r": gain, **firing.fields}
        return Cell(kind, numbers, ports, current, EVERY, gain, is_rate, firing)
    tau, share, methods = _leak(part, firing.voltage, keep)
    numbers = {
        "tau": tau,
        "r": _gain(part, gain, tau, share, methods),
        "v_leak": _said(_tidy(rest / share), part.known),
        **firing.fields,
    }
    kind = "LIF" if fires else "LI"
    return Cell(kind, numbers, ports, bias, methods, firing=firing)


def _double(part: _Part, firing: Firing, row: Row, c: str, bias: Floats) -> Cell:
    """CubaLIF and CubaLI."""
    of_c = part.rows[c]
    assert of_c is not None
    if set(of_c) & {firing.voltage} or np.any(of_c.get("", NONE)):
        raise UnsaidError(f"its current `{c}` moves by more than what arrives", WHAT)
    weight, ports = _gains(of_c, part.neuron)
    keep, keep_c = row.get(firing.voltage, NONE), of_c.get(c, NONE)
    port = next(iter(ports), "")
    at_once = {p: row[p] for p in part.neuron.ports if p in row}
    for name, value in at_once.items():
        if name not in ports or not _close(value, row.get(port, NONE) * ports[name]):
            raise UnsaidError(f"what arrives at `{name}` goes past its current `{c}`", WHAT)
    tau, share, methods = _leak(part, firing.voltage, keep)
    tau_syn, share_syn, of_syn = _leak(part, c, keep_c)
    step = _Current(tau, tau_syn, share, share_syn, weight, row[c], row.get(port, NONE), keep_c)
    for method in methods & of_syn:
        r = _GAINS[method](step, part.dt)
        if r is not None:
            break
    else:
        raise UnsaidError(
            f"`{firing.voltage}` takes `{c}` in no order that NIR's readers have", WHAT
        )
    numbers = {
        "tau_mem": tau,
        "tau_syn": tau_syn,
        "r": _gain(part, r * share, tau, share, methods),
        "v_leak": _said(_tidy(row.get("", NONE) / share), part.known),
        "w_in": _gain(part, weight, tau_syn, share_syn, methods),
        **firing.fields,
    }
    kind = "CubaLIF" if firing.fields else "CubaLI"
    return Cell(kind, numbers, ports, bias, frozenset({method}), firing=firing)


def _gain(
    part: _Part, gain: Floats, tau: Floats, share: Floats, methods: frozenset[Method]
) -> Floats:
    """The r by which what arrives counts as much in a step."""
    r = _said(_tidy(np.asarray(gain / share)), part.known)
    return exact_gain(r, gain, part.dt / SECOND, tau) if Method.EULER in methods else r


class _Current(NamedTuple):
    """v <- … + drive c + at_once i, c <- keep c + weight i; time constants in seconds."""

    tau: Floats
    tau_syn: Floats
    share: Floats
    share_syn: Floats
    weight: Floats
    drive: Floats
    at_once: Floats
    keep: Floats


def _by_new(step: _Current, _dt: float) -> Floats | None:
    """The r by which v takes the current of this step; None if it does not."""
    factor = np.asarray(step.at_once / step.weight)
    return factor / step.share if _close(step.drive, factor * step.keep) else None


def _by_old(step: _Current, _dt: float) -> Floats | None:
    """The same of the current before it."""
    return None if np.any(step.at_once) else np.asarray(step.drive / step.share)


def _by_both(step: _Current, dt: float) -> Floats | None:
    """The same of both equations solved together, what arrives held over the step."""
    fast, slow = step.tau_syn * SECOND, step.tau * SECOND
    with np.errstate(all="ignore"):
        fallen = np.exp(-dt / fast) - np.exp(-dt / slow)
        shared = fast / (fast - slow) * fallen
        r = np.asarray(step.drive / shared)
        at_once = r * step.weight / step.share_syn * (step.share - shared)
    return r if np.all(np.isfinite(r)) and _close(step.at_once, at_once) else None


_GAINS: dict[Method, Callable[[_Current, float], Floats | None]] = {
    Method.EULER: _by_new,
    Method.TOGETHER: _by_old,
    Method.EXPONENTIAL: _by_old,
    Method.EXACT: _by_both,
}


def _gains(row: Row, neuron: NeuronModel) -> tuple[Floats, dict[str, float]]:
    """What the first port that counts adds, and by what weights to each are multiplied beside it.
    Of a neuron at which nothing arrives, 1."""
    reached = [port for port in neuron.ports if port in row]
    if not reached:
        return np.ones(()), {}
    first = row[reached[0]]
    if not np.all(first):
        raise UnsaidError("at some of its neurons nothing counts that arrives", WHAT)
    ratios = {port: np.ravel(row[port] / first) for port in reached}
    if any(not _close(ratio, ratio[:1]) for ratio in ratios.values()):
        raise UnsaidError("its ports count differently in its neurons", WHAT)
    return first, {port: float(ratio[0]) for port, ratio in ratios.items()}


def _leak(part: _Part, state: str, keep: Floats) -> tuple[Floats, Floats, frozenset[Method]]:
    """Of a state that decays its time constant [s], the share that is lost in a step, and the
    discretizations that lose it."""
    rates = {name: value_of(rate, part.known) for name, rate, _ in rates_of(part.neuron)}
    lost = rates.get(state, (keep - 1.0) / part.dt)  # of what a model does itself, by Euler steps
    if not np.all(lost < 0.0):
        raise UnsaidError(f"`{state}` does not decay by a time constant", WHAT)
    tau = _said(np.asarray(-1.0 / lost), part.known)
    euler, exponential = np.asarray(part.dt / tau), np.asarray(-np.expm1(-part.dt / tau))
    if _close(1.0 - keep, euler):
        seconds = exact_time(_tidy(tau / SECOND), euler, part.dt / SECOND)
        return seconds, euler, frozenset({Method.EULER, Method.TOGETHER})
    if _close(1.0 - keep, exponential):
        return _tidy(tau / SECOND), exponential, frozenset({Method.EXPONENTIAL, Method.EXACT})
    way_out = "give it `method = euler`, `forward_euler`, `exact` or `exponential_euler`"
    raise UnsaidError(f"`{state}` decays as no reader of NIR lets it", way_out)


def _said(values: Floats, known: Known) -> Floats:
    """The values as a parameter has them, if there is one of which only rounding keeps them."""
    for own in known.values():
        if np.shape(own) == np.shape(values) and np.allclose(own, values, rtol=NEAR, atol=0.0):
            return np.asarray(own, np.float64)
    return values


def _close(one: Floats, other: Floats) -> bool:
    return bool(np.allclose(one, other, rtol=SAME, atol=1e-300))


def _tidy(values: Floats) -> Floats:
    """The values, but those that only rounding keeps from numbers of single precision as these."""
    whole = np.asarray(values, np.float64)
    with np.errstate(over="ignore"):
        single = whole.astype(np.float32).astype(np.float64)
    return np.where(np.abs(whole - single) <= NEAR * np.abs(whole), single, whole)
