"""Expressions of a step as codes.

What is added to a state is brought to that state's unit: by nothing where the units were chosen so
(see `units`), else by a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..diagnostics import CompileError, Diagnostic, Span
from ..expr import Apply, Const, Expr, Ref, apply
from ..neuron import NeuronStep, State
from ..ops import LONGEST_SHIFT
from ..types import DType, Fixed
from .codes import added, exponent, narrowed, nearest, of_mantissa, of_multiples
from .decays import constant_decay, linear_decay, shift_decay
from .precision import PORT_BITS, RATIO_BITS, Precision
from .sizes import size_of
from .tables import FUNCTIONS, table_of
from .terms import Known, Terms, level_of

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
WIDE = 63  # bits, of what is divided
HALF = 16  # bits of a code of 32
NO_SIZES: Mapping[str, Numbers] = MappingProxyType({})
FAR = 2.0**62
CLOSE = 1e-9  # of two units that are the same but for rounding in float64


class Moved(NamedTuple):
    """A number of a step that may move: the state that holds it, itself in codes before they were
    rounded, [] or [neurons], and how they were; `is_level`: a condition is beyond it."""

    name: str
    exact: Numbers
    how: Callable[[Numbers], Numbers]
    dtype: Fixed
    is_level: bool = False


class Coded:
    """The codes of the expressions of a population's step.

    `units` are those of its states, and of its `ports`, each old one with those into which it is
    split. `sizes` are the largest that states, which are clipped there, and ports come to, `first`
    those at the beginning of a step and `now` those within it as far as it is worked out; of
    neurons without products none are wanted. Numbers that differ among neurons become states that
    nothing assigns, `still`, which start at the codes in `starts`; so do the numbers of which the
    places among `exacts`, all numbers of the step before they were rounded, are `moving`.
    """

    def __init__(
        self,
        step: NeuronStep,
        known: Known,
        units: Mapping[str, Numbers],
        ports: Mapping[str, tuple[str, ...]],
        precision: Precision,
        where: tuple[str, Span | None],
        sizes: Mapping[str, Numbers] = NO_SIZES,
        moving: frozenset[int] = frozenset(),
    ) -> None:
        self.old, self.known, self.units, self.precision = step, known, units, precision
        self.ports, self.where, self.sizes = ports, where, sizes
        self.starts: dict[str, Codes] = {}
        self.moving = moving
        self.exacts: list[Numbers] = []
        self.moved: list[Moved] = []
        self.first: dict[str, Numbers] = {}
        self.now: dict[str, Numbers] = {}
        self.still: dict[tuple[Fixed, bytes], State] = {}
        self.types: dict[str, Fixed] = {
            name: precision.port if name in self.own_ports else self._state_type(name)
            for name in units
        }

    @property
    def own_ports(self) -> tuple[str, ...]:
        """The ports of the integer step: each old one, or those into which it was split."""
        return tuple(name for split in self.ports.values() for name in split)

    def _state_type(self, name: str) -> Fixed:
        is_tested = level_of(self.old, self.known, name) is not None
        return self.precision.state if is_tested else self.precision.current

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
        if expr.op in FUNCTIONS:
            return self._tabled(expr, unit, dtype)
        raise self.refused(f"`{expr.op}`", "write the neuron without it")

    def _tabled(self, expr: Apply, unit: Numbers, dtype: Fixed) -> Expr:
        """A function by a table."""
        if not self.precision.table:
            way_out = "say `--table 256`, or write the neuron without it"
            raise self.refused(f"`{expr.op}`", way_out)
        (argument,) = expr.args
        natural = self._natural(argument, dtype)
        if np.ptp(natural) or np.ptp(unit):
            raise self.refused(f"`{expr.op}` of neurons that differ", "give all neurons one unit")
        # Where a state is clipped, not where events bring it within a step: beyond, the last cell.
        most = int(self._most(argument, natural, dtype, self.first).max())
        codes = self._codes(argument, natural, dtype)
        ends = (float(np.ldexp(each.flat[0], -dtype.frac)) for each in (natural, unit))
        before, after = ends
        return table_of(expr.op, codes, most, (before, after), self.precision.table)

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
        return (self._product if expr.op == "mul" else self._quotient)(expr, unit, dtype)

    def _product(self, expr: Apply, unit: Numbers, dtype: Fixed) -> Expr:
        """One number times another: their exact product, brought into as many bits as a factor
        leaves room for, times the factor that brings it to the unit."""
        units = [self._natural(e, dtype) for e in expr.args]
        left, right = (self._codes(e, u, dtype) for e, u in zip(expr.args, units, strict=True))
        most = [self._most(e, u, dtype) for e, u in zip(expr.args, units, strict=True)]
        ratio = units[0] * units[1] / unit
        wide = apply("mulwide", left, right)
        lost = max(0, exponent(most[0] * most[1]) - PORT_BITS + 2)
        narrow = self.precision.number(PORT_BITS, 2 * dtype.frac - lost)
        number = self.precision.number(RATIO_BITS + 1, RATIO_BITS - 1 - exponent(ratio))
        factor = self.constant(np.ldexp(ratio, number.frac), number)
        scaled = apply("mulwide", apply("narrow", wide, immediate=narrow), factor)
        return self._narrowed(scaled, dtype)

    def _narrowed(self, expr: Expr, dtype: Fixed) -> Expr:
        """The codes of an expression in a type; CompileError(E080) where they are so far from it
        that no shift leads there."""
        assert isinstance(expr.dtype, Fixed)
        if abs(expr.dtype.frac - dtype.frac) > LONGEST_SHIFT:
            way_out = "bring its states and weights nearer to each other in size"
            raise self.refused("a factor of numbers that are so far apart", way_out)
        return narrowed(expr, dtype)

    def _most(
        self, expr: Expr, unit: Numbers, dtype: Fixed, sizes: Mapping[str, Numbers] | None = None
    ) -> Numbers:
        """The largest code of an expression in a unit, from what its names come to now, or from
        other `sizes`."""
        size = size_of(expr, self.known, self.now if sizes is None else sizes)
        if size is None:
            way_out = "calibrate it on data (--calibrate, --data), or write the neuron without it"
            raise self.refused("what is multiplied, or looked up, without a known range,", way_out)
        return np.maximum(1.0, np.ldexp(size / unit, dtype.frac))

    def _natural(self, expr: Expr, dtype: Fixed) -> Numbers:
        """A unit for an argument of a product: that of its first term, else one in which the
        largest code takes half of the bits."""
        terms = self.known.terms(expr)
        if terms is not None and (terms.factors or terms.rest.all()):
            return self._unit_of(terms)
        ones = np.ones(())
        return self._most(expr, ones, dtype) * np.ldexp(ones, -HALF)

    def _quotient(self, expr: Apply, unit: Numbers, dtype: Fixed) -> Expr:
        """One number over another, whose codes are those of a state."""
        below = self._natural(expr.args[1], dtype)
        over = self._codes(expr.args[0], unit * below, dtype)
        under = self._codes(expr.args[1], below, dtype)
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
        wide = self.precision.wide
        bits = min(wide.sum_bits, dtype.bits)
        arriving, parts = replace(dtype, bits=bits), list[tuple[bool, Expr]]()
        for name, factor in terms.factors.items():
            for own in self.ports.get(name, (name,)):
                ratio = factor * self.units[own] / unit
                kind = arriving if name in self.ports else dtype
                parts.append(self._part(own, ratio, kind, own == target))
        parts = _together(parts, arriving, dtype)
        rest, is_moving = terms.rest / unit, self.is_moving
        how = partial(of_mantissa, bits=wide.bias_bits)
        constant = self.constant(np.ldexp(rest, dtype.frac), dtype, how)
        if is_moving or nearest(rest, dtype).any() or not parts:
            parts.append((False, constant))
        return added(parts)

    def _part(self, name: str, ratio: Numbers, dtype: Fixed, is_self: bool) -> tuple[bool, Expr]:
        """Whether a term is taken away, and its codes in the unit to which `ratio` brings them."""
        is_negative = bool((ratio <= 0).all())
        size = -ratio if is_negative else ratio
        source = Ref(name, self.types[name])
        if np.allclose(size, 1.0, rtol=CLOSE, atol=0.0):
            return is_negative, narrowed(source, dtype)
        if is_self and self.precision.decay != "multiply" and (size <= 1.0).all():
            made = self._shifted if self.precision.decay == "shift" else self._leaking
            return is_negative, made(source, size, name)
        if is_self and (size <= 1.0).all():
            number = self.precision.number(self.precision.decay_bits + 2, self.precision.decay_bits)
        else:
            number = self.precision.number(RATIO_BITS + 1, RATIO_BITS - 1 - exponent(size))
        codes = np.rint(np.ldexp(size, number.frac))
        is_lost = (size < 1.0) & (codes >= 1 << number.frac)
        if is_self and is_lost.any() and not self.is_moving:
            raise self.rounded_away(f"the decay of `{name}`", "take more decay bits")
        factor = self.constant(np.ldexp(size, number.frac), number)
        return is_negative, self._narrowed(apply("mulwide", source, factor), dtype)

    def _shifted(self, source: Ref, kept: Numbers, name: str) -> Expr:
        """x - (x >> k), by 1 at least where x is not 0, k the nearest to what is lost."""
        lost = 1.0 - kept
        if not ((lost > 0) & (lost < 1)).all() or np.ptp(lost) > CLOSE:
            raise self.refused(f"the decay of `{name}` by shifts", "say `--decay multiply`")
        places = int(np.rint(-np.log2(lost.flat[0])))
        return shift_decay(source, places)

    def _leaking(self, source: Ref, kept: Numbers, name: str) -> Expr:
        """x nearer to 0 by what is lost of half of the threshold."""
        level, dtype = level_of(self.old, self.known, name), self.types[name]
        if level is None or not ((kept < 1.0).all() and (level > 0.0).all()):
            raise self.refused(f"the decay of `{name}` by a constant", "say `--decay multiply`")
        leak = np.ldexp((1.0 - kept) * level / 2.0 / self.units[name], dtype.frac)
        if (np.rint(leak) < 1).any() and not self.is_moving:
            raise self.rounded_away(f"the decay of `{name}`", "take more guard bits")
        taken = constant_decay if self.precision.decay == "constant" else linear_decay
        return taken(source, self.constant(leak, dtype))

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
        total = self._sum(Terms(factors, np.zeros(())), unit, dtype)
        zeros = self.precision.wide.threshold_zeros
        if ((level > 0) & (codes < 1 << zeros)).any() and not self.is_moving:
            raise self.rounded_away("a threshold", "take more guard bits")
        how: Callable[[Numbers], Numbers] = np.floor if op == "gt" else np.ceil
        if zeros:  # which has `>` alone
            op, how = "gt", partial(of_multiples, places=zeros)
        return apply(op, total, self.constant(codes, dtype, how, is_level=True))

    def _settled(self, op: str, level: Numbers) -> Const:
        holds = level < 0 if op == "gt" else level <= 0
        if holds.all() or not holds.any():
            return Const(bool(holds.all()), DType.BOOL)
        raise self.refused("a condition on constants that differ", "give all neurons one")

    @property
    def is_moving(self) -> bool:
        """Whether the next number of the step moves: then it need be no code, as it is brought to
        one that may be."""
        return len(self.exacts) in self.moving

    def rounded(
        self, exact: Numbers, how: Callable[[Numbers], Numbers] = np.rint
    ) -> tuple[Codes, bool]:
        """The next number of the step as codes, and whether it moves."""
        is_moving = self.is_moving
        self.exacts.append(np.asarray(exact, np.float64))
        codes = np.nan_to_num(how(self.exacts[-1]))
        return np.asarray(np.clip(codes, -FAR, FAR), np.int64), is_moving

    def constant(
        self,
        exact: Numbers,
        dtype: Fixed,
        how: Callable[[Numbers], Numbers] = np.rint,
        is_level: bool = False,
    ) -> Expr:
        """A number in codes, as a literal, or where neurons differ or it moves as a state that
        nothing assigns."""
        codes, is_moving = self.rounded(exact, how)
        codes = np.clip(codes, dtype.low, dtype.high) if is_moving else codes
        low, high = int(codes.min()), int(codes.max())
        if not (dtype.holds(low) and dtype.holds(high)):
            raise self.too_large(max(-low, high), dtype)
        if low == high and not is_moving:
            return Const(low, dtype)
        key = dtype, b"%d" % len(self.exacts) if is_moving else codes.tobytes()
        if key not in self.still:
            name = f"constant.{len(self.still)}"
            self.still[key] = State(name, "1", Const(0, dtype), dtype)
            if is_moving:
                self.moved.append(Moved(name, self.exacts[-1], how, dtype, is_level))
            self.starts[name] = codes
        return Ref(self.still[key].name, dtype)

    def rounded_away(self, what: str, way_out: str) -> CompileError:
        """A number that is there, and would be none in codes."""
        name, span = self.where
        message = f"{what} of `{name}` is less than the smallest step of its codes"
        return CompileError(Diagnostic("E082", message, span, help=way_out))

    def too_large(self, code: int, dtype: Fixed) -> CompileError:
        """A number that is no code of its type."""
        name, span = self.where
        message = f"a number of `{name}` comes to {code}, and {dtype.bits} bits hold {dtype.high}"
        return CompileError(Diagnostic("E083", message, span, help="take fewer guard bits"))

    def refused(self, what: str, way_out: str) -> CompileError:
        """What a network is refused for."""
        name, span = self.where
        message = f"{what} has no integer form, in a step of `{name}`"
        return CompileError(Diagnostic("E080", message, span, help=way_out))


def _together(
    parts: list[tuple[bool, Expr]], arriving: Fixed, dtype: Fixed
) -> list[tuple[bool, Expr]]:
    """The parts, those of what arrives as one, where it has a type of its own."""
    if arriving == dtype:
        return parts
    first = [part for part in parts if part[1].dtype == arriving]
    others = [part for part in parts if part[1].dtype != arriving]
    return [*others, (False, narrowed(added(first), dtype))] if first else others


_COMPARED = {"gt": "gt", "lt": "gt", "ge": "ge", "le": "ge"}
