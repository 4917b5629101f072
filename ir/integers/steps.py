"""A neuron's step over codes in place of floats.

A code x of `Precision.state` means x 2^-guard unit, of a port x unit; units are by neuron. Every
assignment is worked out for the codes of its target: what it adds is brought to the target's unit,
by nothing where the units were chosen so (see `units`), else by a factor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import Apply, Const, Expr, Ref, apply, names
from ..neuron import (
    BEFORE,
    BEHIND,
    KEEP,
    LAST_EMITTED,
    TRACE,
    Assign,
    NeuronStep,
    State,
    types_read,
)
from ..types import DType, Fixed
from .decays import shift_decay
from .precision import RATIO_BITS, Precision
from .terms import Known, Terms

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
WIDE = 63  # bits, of what is divided
CLOSE = 1e-9  # of two units that are the same but for rounding in float64


class IntegerStep:
    """Makes the integer step of a population; `starts` are the codes at which its states start, by
    state, [] or [neurons]."""

    def __init__(
        self,
        step: NeuronStep,
        known: Known,
        units: Mapping[str, Numbers],
        ports: Mapping[str, tuple[str, ...]],
        precision: Precision,
        where: tuple[str, Span | None],
    ) -> None:
        self.old, self.known, self.units, self.precision = step, known, units, precision
        self.ports, self.where = ports, where
        self.starts: dict[str, Codes] = {}
        self.still: dict[tuple[Fixed, bytes], State] = {}
        self.types: dict[str, Fixed] = {
            name: precision.port if name in self.own_ports else precision.state for name in units
        }

    @property
    def own_ports(self) -> tuple[str, ...]:
        """The ports of the integer step: each old one, or those into which it was split."""
        return tuple(name for split in self.ports.values() for name in split)

    def made(self) -> NeuronStep:
        """The step; CompileError(E080) for what has no integer form."""
        old = self.old
        phases = {name: tuple(map(self._assign, old.assigns[name])) for name in (*BEFORE, *BEHIND)}
        if self.precision.sums == "each":
            phases |= self._event_by_event()
        phases["integrate"] += self._saturated(phases)
        threshold = None if old.threshold is None else self._truth(old.threshold)
        emit = None if old.emit is None else self._at(old.emit, LAST_EMITTED)
        kept = [s for s in old.states if s.dtype is DType.I32 or s.name in self.units]
        states = (*map(self._state, kept), *self._keep())
        made = replace(
            old,
            states=(*states, *self.still.values()),
            ports=self.own_ports,
            threshold=threshold,
            emit=emit,
        ).with_phases(phases)
        read = types_read(made)
        return replace(made, constants=tuple(name for name in old.constants if name in read))

    def _state(self, state: State) -> State:
        if state.name not in self.units:
            return state
        unit, dtype = self.units[state.name], self.types[state.name]
        start = _codes(self.known.starts[state.name] / unit, dtype)
        start = np.clip(start, dtype.low, dtype.high)  # of a largest so far, which is far below
        if start.min() == start.max():
            return State(state.name, state.unit, Const(int(start.min()), dtype), dtype)
        self.starts[state.name] = start
        return State(state.name, state.unit, Const(0, dtype), dtype)

    def _event_by_event(self) -> dict[str, tuple[Assign, ...]]:
        """What each event does, and what is done once a step after the last of them."""
        rest = replace(self.old, decay=(), deliver=())
        if any(names(e) & self.ports.keys() for e in rest.expressions):
            raise self.refused("what arrives, read but to deliver it,", "say `--sums exact`")
        read = [bool(names(a.value) & self.ports.keys()) for a in self.old.deliver]
        last = max((k + 1 for k, reads in enumerate(read) if reads), default=0)
        events = (a for assign in self.old.deliver[:last] for a in self._port_by_port(assign))
        after = (*self.old.deliver[last:], *self.old.integrate)
        return {"deliver": tuple(events), "integrate": tuple(map(self._assign, after))}

    def _keep(self) -> tuple[State, ...]:
        """What a step keeps of the trace that scores an output, as a factor."""
        if all(s.name != TRACE for s in self.old.states):
            return ()
        dtype = self.precision.number(self.precision.decay_bits + 2, self.precision.decay_bits)
        code = int(_codes(np.asarray(self.known.values[KEEP]), dtype))
        return (State(KEEP, "1", Const(code, dtype), dtype),)

    def _assign(self, assign: Assign) -> Assign:
        if assign.target not in self.units:
            return assign  # a counter
        return Assign(assign.target, self._at(assign.value, assign.target))

    def _port_by_port(self, assign: Assign) -> list[Assign]:
        """The assignment once for each port that it reads, with what arrives there alone, and
        clipped each time."""
        terms, target = self.known.terms(assign.value), assign.target
        others = {} if terms is None or terms.rest.any() else dict(terms.factors)
        is_kept = bool(np.all(others.pop(target, 0.0) == 1.0))
        if not is_kept or not others.keys() <= self.ports.keys():
            raise self.refused(
                f"what an event does to `{target}` but for adding to it", "say `--sums exact`"
            )
        unit, dtype, found = self.units[target], self.types[target], []
        own = [(factor, name) for port, factor in others.items() for name in self.ports[port]]
        for factor, name in own:
            is_less, part = self._part(name, factor * self.units[name] / unit, dtype, False)
            value = apply("sub" if is_less else "add", Ref(target, dtype), part)
            found.append(Assign(target, self._clipped(value, dtype)))
        return found

    def _clipped(self, value: Expr, dtype: Fixed) -> Expr:
        """A state of this type in `state_bits`."""
        bits = self.precision.state_bits
        return value if bits >= dtype.bits else apply("saturate", value, immediate=bits)

    def _saturated(self, phases: Mapping[str, tuple[Assign, ...]]) -> tuple[Assign, ...]:
        """What brings the states that an update changes into `state_bits`."""
        changed = dict.fromkeys(a.target for name in BEFORE[:3] for a in phases[name])
        states = {name: self.types[name] for name in changed if name in self.units}
        clipped = {x: self._clipped(Ref(x, dtype), dtype) for x, dtype in states.items()}
        return tuple(Assign(x, e) for x, e in clipped.items() if isinstance(e, Apply))

    def _at(self, expr: Expr, target: str) -> Expr:
        """The codes of an expression, in the unit and the type of a state."""
        return self._codes(expr, self.units[target], self.types[target], target)

    def _codes(self, expr: Expr, unit: Numbers, dtype: Fixed, target: str = "") -> Expr:
        terms = self.known.terms(expr)
        if terms is not None:
            return self._sum(terms, unit, dtype, target)
        assert isinstance(expr, Apply)
        if expr.op == "select":
            yes, no = (self._codes(e, unit, dtype, target) for e in expr.args[1:])
            return apply("select", self._truth(expr.args[0]), yes, no)
        if expr.op in ("add", "sub", "min", "max", "neg", "abs"):
            return apply(expr.op, *(self._codes(e, unit, dtype, target) for e in expr.args))
        if expr.op in ("mul", "div"):
            return self._scaled(expr, unit, dtype, target)
        raise self.refused(f"`{expr.op}`", "write the neuron without it")

    def _scaled(self, expr: Apply, unit: Numbers, dtype: Fixed, target: str) -> Expr:
        """A number times what is no sum, as that in another unit."""
        left, right = (self.known.terms(e) for e in expr.args)
        for number, other in ((right, expr.args[0]), (left, expr.args[1])):
            if number is None or number.factors or (number is left and expr.op == "div"):
                continue
            factor = number.rest if expr.op == "mul" else 1.0 / number.rest
            if (factor > 0).all():
                return self._codes(other, unit / factor, dtype, target)
            if (factor < 0).all():
                return apply("neg", self._codes(other, unit / -factor, dtype, target))
        if expr.op == "div" and left is not None and right is not None:
            return self._quotient(left, right, unit, dtype)
        product = "a product of states" if expr.op == "mul" else "a quotient by a state"
        raise self.refused(product, "write the neuron as a linear one")

    def _quotient(self, left: Terms, right: Terms, unit: Numbers, dtype: Fixed) -> Expr:
        """One sum over another, whose codes are those of a state."""
        below = self._unit_of(right)
        over = self._sum(left, unit * below, dtype)
        under = self._sum(right, below, dtype)
        wide = replace(dtype, bits=WIDE, frac=dtype.frac + max(0, dtype.frac))
        if dtype.frac > WIDE - dtype.bits:
            raise self.refused(f"a quotient with {dtype.frac} guard bits", "take 24 at most")
        quotient = apply("quot", apply("narrow", over, immediate=wide), under)
        return apply("narrow", quotient, immediate=dtype)

    def _unit_of(self, terms: Terms) -> Numbers:
        """A unit in which a sum lies where its first term does; of a number, the number itself."""
        first = next(iter(terms.factors), None)
        if first is None:
            return abs(terms.rest)
        return self.units[self.ports.get(first, (first,))[0]] * abs(terms.factors[first])

    def _sum(self, terms: Terms, unit: Numbers, dtype: Fixed, target: str = "") -> Expr:
        """The codes of a sum, its constant last."""
        parts: list[tuple[bool, Expr]] = []
        for name, factor in terms.factors.items():
            for own in self.ports.get(name, (name,)):
                ratio = factor * self.units[own] / unit
                parts.append(self._part(own, ratio, dtype, own == target))
        rest = _codes(terms.rest / unit, dtype)
        if rest.any() or not parts:
            parts.append((False, self.constant(rest, dtype)))
        return _added(parts)

    def _part(self, name: str, ratio: Numbers, dtype: Fixed, is_self: bool) -> tuple[bool, Expr]:
        """Whether a term is taken away, and its codes in the unit to which `ratio` brings them."""
        is_negative = bool((ratio <= 0).all())
        size = -ratio if is_negative else ratio
        source = Ref(name, self.types[name])
        if np.allclose(size, 1.0, rtol=CLOSE, atol=0.0):
            return is_negative, _narrowed(source, dtype)
        if is_self and self.precision.decay == "shift":
            return is_negative, self._shifted(source, size, name)
        if is_self:
            number = self.precision.number(self.precision.decay_bits + 2, self.precision.decay_bits)
        else:
            number = self.precision.number(RATIO_BITS + 1, RATIO_BITS - 1 - _exponent(size))
        codes = _codes(size, number)
        if is_self and ((size < 1.0) & (codes >= 1 << number.frac)).any():
            raise self.rounded_away(f"the decay of `{name}`", "take more decay bits")
        factor = self.constant(codes, number)
        return is_negative, _narrowed(apply("mulwide", source, factor), dtype)

    def _shifted(self, source: Ref, kept: Numbers, name: str) -> Expr:
        """x - (x >> k), by 1 at least where x is not 0, k the nearest to what is lost."""
        lost = 1.0 - kept
        if not ((lost > 0) & (lost < 1)).all() or np.ptp(lost) > CLOSE:
            raise self.refused(f"the decay of `{name}` by shifts", "say `--decay multiply`")
        places = int(np.rint(-np.log2(lost.flat[0])))
        return shift_decay(source, places)

    def _truth(self, expr: Expr) -> Expr:
        """A condition over codes."""
        if isinstance(expr, Const):
            return expr
        assert isinstance(expr, Apply), expr
        if expr.op in ("and", "or", "not"):
            return apply(expr.op, *map(self._truth, expr.args))
        left, right = (self.known.terms(e) for e in expr.args)
        if left is None or right is None:
            raise self.refused("a condition on what is no sum", "compare sums of states")
        if expr.op not in _COMPARED:
            raise self.refused(f"`{expr.op}`", "compare by < or >")
        if expr.op in ("lt", "le"):
            left, right = right, left
        zero = np.zeros(())
        factors = {
            name: left.factors.get(name, zero) - right.factors.get(name, zero)
            for name in dict.fromkeys((*left.factors, *right.factors))
        }
        return self._compared(_COMPARED[expr.op], factors, right.rest - left.rest)

    def _compared(self, op: str, factors: Mapping[str, Numbers], level: Numbers) -> Expr:
        """Whether the sum of factors[x] x is beyond a level, by the codes for which it is."""
        dtype, first = self.precision.state, next(iter(factors), None)
        if first is None:
            return self._settled(op, level)
        unit = self.units[self.ports.get(first, (first,))[0]] * abs(factors[first])
        codes = np.ldexp(level / unit, dtype.frac)
        bound = np.floor(codes) if op == "gt" else np.ceil(codes)
        if ((level > 0) & (codes < 1)).any():
            raise self.rounded_away("a threshold", "take more guard bits")
        total = self._sum(Terms(factors, np.zeros(())), unit, dtype)
        return apply(op, total, self.constant(bound.astype(np.int64), dtype))

    def _settled(self, op: str, level: Numbers) -> Const:
        holds = level < 0 if op == "gt" else level <= 0
        if holds.all() or not holds.any():
            return Const(bool(holds.all()), DType.BOOL)
        raise self.refused("a condition on constants that differ", "give all neurons one")

    def constant(self, codes: Codes, dtype: Fixed) -> Expr:
        """Codes as a literal, or where neurons differ as a state that nothing assigns."""
        low, high = int(codes.min()), int(codes.max())
        if not (dtype.holds(low) and dtype.holds(high)):
            raise self.refused(
                f"the number {max(-low, high)} in {dtype.bits} bits", "fewer guard bits"
            )
        if low == high:
            return Const(low, dtype)
        key = dtype, codes.tobytes()
        if key not in self.still:
            name = f"constant.{len(self.still)}"
            self.still[key] = State(name, "1", Const(0, dtype), dtype)
            self.starts[name] = codes
        return Ref(self.still[key].name, dtype)

    def rounded_away(self, what: str, way_out: str) -> CompileError:
        """A number that is there, and would be none in codes."""
        name, span = self.where
        message = f"{what} of `{name}` is less than the smallest step of its codes"
        return CompileError(Diagnostic("E082", message, span, help=way_out))

    def refused(self, what: str, way_out: str) -> CompileError:
        """What a network is refused for."""
        name, span = self.where
        message = f"{what} has no integer form, in a step of `{name}`"
        return CompileError(Diagnostic("E080", message, span, help=way_out))


_COMPARED = {"gt": "gt", "lt": "gt", "ge": "ge", "le": "ge"}


def _codes(values: Numbers, dtype: Fixed) -> Codes:
    """The nearest codes, a tie to the even one; NaN and what int64 does not hold stay out of it."""
    codes = np.nan_to_num(np.rint(np.ldexp(values, dtype.frac)))
    return np.asarray(np.clip(codes, -(2.0**62), 2.0**62), np.int64)


def _exponent(size: Numbers) -> int:
    """e of the largest number, which lies from 2^(e - 1) up to 2^e."""
    return int(np.frexp(abs(size).max())[1])


def _narrowed(expr: Expr, dtype: Fixed) -> Expr:
    return expr if expr.dtype == dtype else apply("narrow", expr, immediate=dtype)


def _added(parts: Sequence[tuple[bool, Expr]]) -> Expr:
    """The sum of parts, some of them taken away."""
    (is_negative, total), *others = parts
    if is_negative:
        total = apply("neg", total)
    for is_negative, part in others:
        total = apply("sub" if is_negative else "add", total, part)
    return total
