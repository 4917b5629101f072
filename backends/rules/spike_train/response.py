"""The spike response of a neuron step: what spike-train-level rules need to know of a model.

They hold for any neuron whose step is linear below threshold with one voltage that a spike resets
to zero (a reset by subtraction leaves a rest that the S-PSP does not know) and at most one synaptic
current that it leaves alone:

    c <- keep_c c + i,   v <- keep_v v + gain c,   spike when v > threshold,   v <- 0 for a while

(Jin, Zhang & Li 2018; Zhang & Li 2019). The coefficients are read off the step itself, so a user's
own model of that form trains like the prelude's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Apply, Expr, Ref, affine, evaluate, names, substitute
from ....ir.graph import Population
from ....ir.neuron import REFRACTORY, SPIKED, Assign, NeuronStep
from ....ir.types import DType

# Of each state's new value: coefficients over the old states and the ports, "" for the constant.
Rows = dict[str, dict[str, float]]
NEAR = 2e-6  # mV
WAY_OUT = "use the prelude's `lif`, or a model with dv/dt = -v/tau_mem + c/tau_syn"


@dataclass(frozen=True, slots=True)
class SpikeResponse:
    """Coefficients a step; `refractory` in steps.

    `gain` and `threshold` are those of the potential over `scale`, which makes gain 1 / tau_syn,
    the papers' kernel: a model whose potential is twice as large, threshold and all, trains alike.
    """

    keep_v: float
    keep_c: float
    gain: float
    threshold: float
    refractory: int
    scale: float

    @property
    def tau_mem(self) -> float:
        """1 / (1 - keep_v), the membrane time constant in steps; infinite without a leak."""
        return 1.0 / (1.0 - self.keep_v) if self.keep_v < 1.0 else math.inf

    @property
    def tau_syn(self) -> float:
        """1 / (1 - keep_c), the synaptic time constant in steps."""
        return 1.0 / (1.0 - self.keep_c)


def spike_response(population: Population) -> SpikeResponse:
    """The response of a population's step; CompileError(E050) where it is not of this form."""
    step = population.step
    assert step is not None
    constants = dict(zip(step.constants, population.constants, strict=True))
    reals = [s.name for s in step.states if s.dtype is not DType.I32]
    voltage = [n for n in reals if n in _changed_by_spike(step)]
    currents = [n for n in reals if n not in voltage]
    if len(voltage) != 1 or len(currents) > 1 or len(step.ports) != 1:
        raise _refused(population, "it needs one voltage, at most one current and one input port")
    rows = _coefficients(step, step.update, REFRACTORY, False, constants)
    if rows is None:
        raise _refused(population, "its step is not linear below threshold")
    v, c, i = voltage[0], currents[0] if currents else None, step.ports[0]
    _require_reset(population, v, constants)
    _require_hold(population, v, rows, constants)
    return _read_off(population, rows, v, c, i, constants)


def _changed_by_spike(step: NeuronStep) -> set[str]:
    return {a.target for a in step.after if a.target != REFRACTORY}


def _coefficients(
    step: NeuronStep,
    assigns: tuple[Assign, ...],
    condition: str,
    holds: bool,
    constants: dict[str, float],
) -> Rows | None:
    """state -> its new value's coefficients over the old states and the ports, where what is
    assigned under `condition` (REFRACTORY, SPIKED) is or is not; None if it is not affine."""
    variables = frozenset(s.name for s in step.states) | frozenset(step.ports)
    now: dict[str, Expr] = {}
    for assign in assigns:
        now[assign.target] = substitute(_branch(assign.value, condition, holds), now)
    rows: Rows = {}
    for state in step.states:
        if state.dtype is DType.I32:
            continue
        terms = affine(now.get(state.name, Ref(state.name, state.dtype)), variables)
        if terms is None:
            return None
        values = {n: float(evaluate(e, constants, np.float64)) for n, e in terms.items()}
        rows[state.name] = {n: x for n, x in values.items() if x != 0.0}
    return rows


def _branch(value: Expr, condition: str, holds: bool) -> Expr:
    """The value without the choice that `condition` makes."""
    if isinstance(value, Apply) and value.op == "select" and condition in names(value.args[0]):
        return value.args[1 if holds else 2]
    return value


def _require_reset(population: Population, v: str, constants: dict[str, float]) -> None:
    """Refuse a spike that leaves anything of the voltage: the S-PSP begins anew with each."""
    step = population.step
    assert step is not None
    reset = _coefficients(step, step.after, SPIKED, True, constants)
    if reset is None or reset[v]:
        way_out = f"write `{v} = 0 mV` in `on spike`, or take the prelude's `lif`"
        raise _refused(population, f"its spike does not reset `{v}` to 0", way_out)


def _require_hold(population: Population, v: str, rows: Rows, constants: dict[str, float]) -> None:
    """Refuse a refractory time that does other than hold the voltage at 0."""
    step = population.step
    assert step is not None
    if _refractory(population, constants) == 0:
        return
    held = _coefficients(step, step.update, REFRACTORY, True, constants)
    if held is None or held != rows | {v: {}}:
        way_out = f"write `{v} = 0 mV`, and nothing else, in `refractory`"
        raise _refused(population, f"it is not `{v}` alone that it holds at 0", way_out)


def _read_off(
    population: Population,
    rows: Rows,
    v: str,
    c: str | None,
    i: str,
    constants: dict[str, float],
) -> SpikeResponse:
    keep_c = rows[c].get(c, 0.0) if c else 0.0
    gain = rows[v].get(i, 0.0)
    fits = (
        set(rows[v]) <= {v, i, *([c] if c else [])}
        and (c is None or (set(rows[c]) <= {c, i} and rows[c].get(i) == 1.0))
        and (c is None or np.isclose(rows[v].get(c, 0.0), gain * keep_c, rtol=1e-6))
    )
    if not fits or gain == 0.0:
        raise _refused(population, "its voltage is not a leaky integral of its synaptic current")
    scale = gain / (1.0 - keep_c)
    return SpikeResponse(
        keep_v=rows[v].get(v, 0.0),
        keep_c=keep_c,
        gain=gain / scale,
        threshold=_threshold(population, v, constants) / scale,
        refractory=_refractory(population, constants),
        scale=scale,
    )


def _threshold(population: Population, v: str, constants: dict[str, float]) -> float:
    """The voltage at which the spike condition turns true, by bisection.

    Conditions such as v > v_th - 1e-6 mean v_th: a parameter that is this near is meant.
    """
    step = population.step
    assert step is not None
    rest: dict[str, Any] = {s.name: 0 for s in step.states} | dict.fromkeys(step.ports, 0.0)

    def fires(value: float) -> bool:
        return bool(evaluate(step.spike, {**constants, **rest, v: value}, np.float64))

    low, high = 0.0, 1.0
    while not fires(high) and high < 1e9:
        high *= 2.0
    if fires(low) or not fires(high):
        raise _refused(population, "its threshold is not a constant positive voltage")
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fires(middle) else (middle, high)
    named = [
        value for _, value in population.parameters if value > 0.0 and abs(value - high) < NEAR
    ]
    return min(named, key=lambda value: abs(value - high), default=high)


def _refractory(population: Population, constants: dict[str, float]) -> int:
    step = population.step
    assert step is not None
    values: dict[str, Any] = {s.name: 0 for s in step.states} | dict.fromkeys(step.ports, 0.0)
    for assign in step.after:
        if assign.target == REFRACTORY:
            return int(evaluate(assign.value, {**constants, **values, SPIKED: True}, np.float64))
    return 0


def _refused(population: Population, why: str, way_out: str = WAY_OUT) -> CompileError:
    name = population.model.name if population.model else population.name
    return CompileError(
        Diagnostic(
            "E050",
            f"spike-train-level rules cannot train `{population.name}`: {name} is not a "
            f"leaky integrate-and-fire neuron ({why})",
            population.span,
            help=way_out,
        )
    )
