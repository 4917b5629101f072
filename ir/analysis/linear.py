"""Neurons that are linear below threshold, as numbers under the names of the field.

A linear neuron has one voltage, which alone decides whether it fires, and for each port at most
one synaptic current. Of a step, outside of the refractory time:

    c <- keep_c c + weight i
    v <- keep_v v + drift + sum over the synapses of (drive c + gain i)      (c: the old current)

with i what arrives at the synapse's port. So `gain` is what a spike of weight 1 adds to v at once,
and `drive` what the current left over from earlier steps does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..expr import Apply, Expr, affine, evaluate, names
from ..graph import Population
from ..neuron import NeuronModel, margin
from .affine import Row, affine_map, affine_row
from .leak import leaks
from .refractory import refractory_steps
from .reset import Reset, resets

# Numbers below this [mV] beside a parameter are slack against rounding, not part of a threshold.
SLACK = 2e-6


@dataclass(frozen=True, slots=True)
class Why:
    """Why a population is not what an analysis looks for: "its threshold moves with `a`"."""

    reason: str


@dataclass(frozen=True, slots=True)
class Synapse:
    """The way of a port to the voltage: see the module. Without a `current`, which is None, all
    but `gain` is 0. `tau_syn` [ms] is that of dc/dt = -c / tau_syn."""

    port: str
    gain: float
    current: str | None = None
    keep_c: float = 0.0
    weight: float = 0.0
    drive: float = 0.0
    tau_syn: float = 0.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """It fires where v > `v_th`, or v >= `v_th` if not `is_strict`."""

    v_th: float
    is_strict: bool


@dataclass(frozen=True, slots=True)
class LinearNeuron:
    """The numbers of a step: see the module. `voltage` is the name of v; `tau_mem` [ms] that of
    dv/dt = -v / tau_mem, infinite without a leak; `threshold` is None where it never fires,
    `reset` None where a spike leaves v alone; `refractory` in steps, during which the states of
    `holds` have these values."""

    voltage: str
    keep_v: float
    drift: float
    tau_mem: float
    synapses: tuple[Synapse, ...]
    threshold: Threshold | None
    reset: Reset | None
    refractory: int
    holds: tuple[tuple[str, float], ...]

    @property
    def v_rest(self) -> float:
        """Where v settles without input; infinite where it drifts without a leak."""
        if self.drift == 0.0:
            return 0.0
        return self.drift / (1.0 - self.keep_v) if self.keep_v < 1.0 else math.inf


def linear_neuron(population: Population) -> LinearNeuron | Why:
    """The numbers of a population after the pass `discretize`, or why it is no linear neuron.

    The threshold is the one that the author wrote: of `v >= v_th - 0.000001 mV`, a literal below
    SLACK beside a parameter, it is v_th.
    """
    try:
        return _read(population)
    except _NotLinearError as error:
        return Why(str(error))


class _NotLinearError(Exception):
    pass


def _read(population: Population) -> LinearNeuron:
    model, step = population.model, population.step
    if model is None or step is None:
        raise _NotLinearError("it is an input")
    v, threshold = _threshold(model, dict(population.parameters))
    rows = affine_map(population, step.decay, step.deliver, step.integrate)
    row, refractory = rows[v], refractory_steps(population)
    if row is None or any(rows[s.name] is None for s in model.states):
        raise _NotLinearError("its step is not linear below threshold")
    return LinearNeuron(
        voltage=v,
        keep_v=row.get(v, 0.0),
        drift=row.get("", 0.0),
        tau_mem=_tau(population, v),
        synapses=_synapses(population, v, {s.name: rows[s.name] or {} for s in model.states}),
        threshold=threshold,
        reset=_reset(population, v),
        refractory=refractory,
        holds=_holds(population) if refractory else (),
    )


def _reset(population: Population, v: str) -> Reset | None:
    changed = {reset.state: reset for reset in resets(population)}
    others = [f"`{state}`" for state in changed if state != v]
    if others:
        raise _NotLinearError(f"its spike changes {', '.join(others)} too")
    return changed.get(v)


def _threshold(model: NeuronModel, values: dict[str, float]) -> tuple[str, Threshold | None]:
    """The voltage and its threshold: v and b / a of a margin a v - b. A model that never fires has
    the voltage that it emits."""
    variables = frozenset(s.name for s in model.states) | frozenset(model.ports)
    if model.spike is None:
        row = None if model.emit is None else affine_row(model.emit, variables, values)
        read = _states_in(row, model)
        if len(read) != 1:
            raise _NotLinearError("what it emits is not one voltage")
        return read[0], None
    found = margin(model.spike)
    if found is None:
        raise _NotLinearError("its condition to fire is no single comparison")
    row, terms = affine_row(found.value, variables, values), affine(found.value, variables)
    read = _states_in(row, model)
    if row is None or terms is None or len(read) != 1 or row.keys() & set(model.ports):
        raise _NotLinearError("its threshold is not that of one voltage")
    v = read[0]
    if row[v] < 0.0:
        raise _NotLinearError(f"it fires where `{v}` is low")
    level = -_meant(terms[""], values) / row[v] if "" in terms else 0.0
    return v, Threshold(level, found.is_strict)


def _states_in(row: Row | None, model: NeuronModel) -> list[str]:
    return [s.name for s in model.states if row is not None and s.name in row]


def _meant(constant: Expr, values: dict[str, float]) -> float:
    """The value of a sum, without its slack."""
    terms = [
        (sign * float(evaluate(e, values, np.float64)), bool(names(e)))
        for sign, e in _summands(constant, 1.0)
    ]
    named = any(is_named for _, is_named in terms)
    return sum(x for x, is_named in terms if is_named or not named or abs(x) >= SLACK)


def _summands(expr: Expr, sign: float) -> Iterator[tuple[float, Expr]]:
    open_ = [(sign, expr)]
    while open_:
        sign, expr = open_.pop()
        if not isinstance(expr, Apply) or expr.op not in ("add", "sub", "neg"):
            yield sign, expr
            continue
        first = -sign if expr.op == "neg" else sign
        rest = -sign if expr.op == "sub" else sign
        signs = (first, *(rest for _ in expr.args[1:]))
        open_ += reversed(list(zip(signs, expr.args, strict=True)))


def _synapses(population: Population, v: str, rows: dict[str, Row]) -> tuple[Synapse, ...]:
    """A synapse for every port that reaches the voltage."""
    model = population.model
    assert model is not None
    fed: dict[str, str] = {}
    for c in (s.name for s in model.states if s.name != v):
        ports = [name for name in rows[c] if name != c]
        is_read = c in rows[v] or c not in rows[c]  # what keeps nothing is read through its port
        if not is_read or len(ports) != 1 or ports[0] not in model.ports or ports[0] in fed:
            raise _NotLinearError(f"`{c}` is not the synaptic current of one port")
        fed[ports[0]] = c
    ports = [p for p in model.ports if p in rows[v] or p in fed]
    return tuple(_synapse(population, p, fed.get(p), rows[v], rows) for p in ports)


def _synapse(
    population: Population, port: str, c: str | None, of_v: Row, rows: dict[str, Row]
) -> Synapse:
    gain = of_v.get(port, 0.0)
    if c is None:
        return Synapse(port, gain)
    keep, weight, drive = rows[c].get(c, 0.0), rows[c][port], of_v.get(c, 0.0)
    return Synapse(port, gain, c, keep, weight, drive, _tau(population, c))


def _holds(population: Population) -> tuple[tuple[str, float], ...]:
    """The values at which states are held in refractory steps."""
    assert population.step is not None
    hold = population.step.hold
    rows = affine_map(population, hold)
    held = {a.target: rows[a.target] for a in hold}
    if any(row is None or row.keys() - {""} for row in held.values()):
        raise _NotLinearError("in its refractory time it does more than hold states")
    return tuple((state, (row or {}).get("", 0.0)) for state, row in held.items())


def _tau(population: Population, state: str) -> float:
    """-1 / a of the ODE dx/dt = a x + …, in ms; infinite where it has no such part."""
    rates = {leak.state: leak.rate for leak in leaks(population)}
    return -1.0 / rates[state] if rates.get(state) else math.inf
