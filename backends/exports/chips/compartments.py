"""The neurons of a quantized network as compartments of Loihi: what of its step is which of the
chip's numbers.

u' = trunc(u keep_u >> 12) + what arrives,  v' = trunc(v keep_v >> 12) + u' + bias, clipped;
a spike where v' > 64 vth, then v' = 0, and v' = 0 for `refractory` steps more. The step must be
that very one: anything else is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.analysis.refractory import refractory_steps
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.expr import Apply, Const, Expr, Ref, evaluate, names
from ....ir.graph import Population
from ....ir.integers.precision import REGISTERS
from ....ir.model import Model, start_of
from ....ir.neuron import Assign
from ....ir.types import DType, Fixed

Codes = npt.NDArray[np.int64]
UNITY = 1 << 12  # of what a step keeps
MOST_MANTISSA, MOST_EXPONENT = 4095, 7  # of a bias
MOST_THRESHOLD = (1 << 17) - 1
ALIGNED = REGISTERS["loihi"].threshold_zeros
PROBE = 1000  # spikes that bring a thousand times what one brings
_STATE_BITS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Compartments:
    """A population's neurons: what a step keeps of `current` and `voltage`, the names of its
    states, of 4096; the mantissa of the threshold; the bias; all [] or [neurons]. No current: what
    arrives is one of this step alone. `ports`: what a code of a weight that arrives there brings,
    a power of two or minus that."""

    population: Population
    voltage: str
    current: str | None
    keep_v: Codes
    keep_u: Codes
    threshold: Codes
    bias: Codes
    refractory: int
    ports: dict[str, int]

    @property
    def name(self) -> str:
        """That of the population."""
        return self.population.name


def compartments_of(model: Model, population: Population) -> Compartments:
    """The compartments of a population; CompileError(E071) for a step that is not the chip's."""
    return _Reader(model, population).read()


class _Reader:
    def __init__(self, model: Model, population: Population) -> None:
        assert population.step is not None
        self.model, self.population, self.step = model, population, population.step
        constants = dict(zip(self.step.constants, population.constants, strict=True))
        self.starts: dict[str, Any] = {
            s.name: start_of(model, population, s, constants, np.float64) for s in self.step.states
        }
        self.still = {name: self.starts[name] for name in self.step.still}

    def read(self) -> Compartments:
        voltage, threshold = self._threshold()
        moving = [
            s.name
            for s in self.step.states
            if s.name not in self.step.still and s.dtype is not DType.I32
        ]
        others = [name for name in moving if name != voltage]
        if len(others) > 1 or self.step.score or self.step.emit is not None:
            raise self._refused(
                f"keeps {', '.join(f'`{name}`' for name in others)} beside `{voltage}`",
                "take `lif`, read by its spikes: a compartment has a current and a voltage",
            )
        current = next(iter(others), None)
        target = voltage if current is None else current
        keeps = self._decays((voltage, *others))
        if any(np.any(np.asarray(self.starts[name]) != 0) for name in moving):
            raise self._refused("starts at other states than 0", "let its states start at 0")
        self._reset(voltage)
        return Compartments(
            self.population,
            voltage,
            current,
            keeps[voltage],
            np.asarray(0) if current is None else keeps[current],
            threshold,
            self._bias(voltage, current),
            refractory_steps(self.population),
            self._ports(target),
        )

    def _threshold(self) -> tuple[str, Codes]:
        condition = self.step.threshold
        if isinstance(condition, Apply) and condition.op == "gt":
            state, level = condition.args
            if isinstance(state, Ref) and names(level) <= self.step.still:
                codes = self._value(level)
                mantissa = codes >> ALIGNED
                is_mantissa = (mantissa << ALIGNED == codes) & (mantissa <= MOST_THRESHOLD)
                if (is_mantissa & (mantissa >= 0)).all():
                    return state.name, mantissa
        raise self._refused(
            "has a threshold that is no multiple of 64 from 0 to 64 (2^17 - 1)",
            "quantize it for the chip: snncc quantize MODEL --target loihi",
        )

    def _decays(self, states: tuple[str, ...]) -> dict[str, Codes]:
        """What a step keeps of each state, of 4096."""
        found = {name: np.asarray(UNITY) for name in states}
        for assign in self.step.decay:
            found[assign.target] = self._kept(assign)
        if self.step.relax:
            raise self._refused("decays after its threshold", "say `--leak first`")
        return found

    def _kept(self, assign: Assign) -> Codes:
        value = assign.value
        if isinstance(value, Apply) and value.op == "narrow":
            (wide,) = value.args
            if isinstance(wide, Apply) and wide.op == "mulwide" and self._truncates(value.dtype):
                state, factor = wide.args
                is_own = isinstance(state, Ref) and state.name == assign.target
                if is_own and names(factor) <= self.step.still and _frac(factor) == 12:
                    return self._value(factor)
        raise self._not_its_step("decay", assign.target)

    def _truncates(self, dtype: Any) -> bool:
        return isinstance(dtype, Fixed) and dtype.rounding == "toward_zero"

    def _ports(self, target: str) -> dict[str, int]:
        """What a code at each port adds to a state."""
        if len(self.step.deliver) != 1 or self.step.deliver[0].target != target:
            raise self._not_its_step("sum", target)
        parts = list(_terms(self.step.deliver[0].value))
        arriving = [(sign, part) for sign, part in parts if names(part) & set(self.step.ports)]
        others = [
            (sign, _inner(part)) for sign, part in parts if not names(part) & set(self.step.ports)
        ]
        if [(sign, getattr(part, "name", "")) for sign, part in others] != [(1, target)]:
            raise self._not_its_step("sum", target)
        return {port: self._brought(port, arriving, target) for port in self.step.ports}

    def _brought(self, port: str, parts: list[tuple[int, Expr]], target: str) -> int:
        """What a code at a port adds; its double adds twice as much, and so on."""
        found = []
        for count in (1, PROBE):
            codes = {**self.still, **{p: np.asarray(count * (p == port)) for p in self.step.ports}}
            each = [sign * np.asarray(evaluate(part, codes)) for sign, part in parts]
            found.append(np.unique(sum(each, np.zeros((), np.int64))))
        if len(found[0]) != 1 or not np.array_equal(PROBE * found[0], found[1]):
            raise self._not_its_step("sum", target)
        return int(found[0][0])

    def _bias(self, voltage: str, current: str | None) -> Codes:
        """What the voltage is given in every step."""
        adding = [a for a in self.step.integrate if not _is_clip(a, voltage)]
        if len(adding) == len(self.step.integrate):
            raise self._refused(
                f"has a `{voltage}` that is not clipped to 24 bits on both sides alike",
                "quantize it for the chip: snncc quantize MODEL --target loihi",
            )
        if len(adding) > 1 or any(a.target != voltage for a in adding):
            raise self._not_its_step("sum", voltage)
        parts = list(_terms(adding[0].value)) if adding else [(1, Ref(voltage, DType.F32))]
        wanted = sorted([voltage, *([] if current is None else [current])])
        moving = [(sign, _inner(p)) for sign, p in parts if not names(p) <= self.step.still]
        named = sorted(getattr(part, "name", "") for sign, part in moving if sign == 1)
        if named != wanted or len(moving) != len(wanted):
            raise self._not_its_step("sum", voltage)
        still = [sign * self._value(p) for sign, p in parts if names(p) <= self.step.still]
        return np.asarray(sum(still, np.zeros((), np.int64)), np.int64)

    def _reset(self, voltage: str) -> None:
        held = self.step.hold if self.step.refractory is not None else ()
        for assign in (*self.step.reset, *held):
            value = assign.value
            if assign.target != voltage or not (isinstance(value, Const) and value.value == 0):
                raise self._refused(f"resets `{assign.target}` not to 0", "reset its voltage to 0")
        if not self.step.reset:
            raise self._refused("is not reset by a spike", "reset its voltage to 0")

    def _value(self, expr: Expr) -> Codes:
        return np.asarray(evaluate(expr, self.still), np.int64)

    def _not_its_step(self, what: str, state: str) -> CompileError:
        return self._refused(
            f"has a {what} of `{state}` that is not that of a compartment",
            "take `lif` with `method euler`, quantized with --target loihi",
        )

    def _refused(self, what: str, way_out: str) -> CompileError:
        name, span = self.population.name, self.population.span
        return CompileError(Diagnostic("E071", f"`{name}` {what}", span, help=way_out))


def _frac(expr: Expr) -> int:
    return expr.dtype.frac if isinstance(expr.dtype, Fixed) else 0


def _terms(expr: Expr, sign: int = 1) -> Iterator[tuple[int, Expr]]:
    """The parts of a sum and their signs."""
    if isinstance(expr, Apply) and expr.op in ("add", "sub"):
        yield from _terms(expr.args[0], sign)
        yield from _terms(expr.args[1], sign if expr.op == "add" else -sign)
    elif isinstance(expr, Apply) and expr.op == "neg":
        yield from _terms(expr.args[0], -sign)
    else:
        yield sign, expr


def _inner(expr: Expr) -> Expr:
    """What is only brought into a type of more bits."""
    if not (isinstance(expr, Apply) and expr.op == "narrow" and isinstance(expr.args[0], Ref)):
        return expr
    source, made = expr.args[0].dtype, expr.dtype
    assert isinstance(source, Fixed)
    assert isinstance(made, Fixed)
    is_wider = source.frac == made.frac and source.bits <= made.bits
    return expr.args[0] if is_wider else expr


def _is_clip(assign: Assign, voltage: str) -> bool:
    value = assign.value
    if assign.target != voltage or not (isinstance(value, Apply) and value.op == "max"):
        return False
    clipped, low = value.args
    is_low = isinstance(low, Const) and low.value == 1 - (1 << (_STATE_BITS - 1))
    return (
        is_low
        and isinstance(clipped, Apply)
        and (clipped.op, clipped.immediate) == ("saturate", _STATE_BITS)
        and isinstance(clipped.args[0], Ref)
        and clipped.args[0].name == voltage
    )
