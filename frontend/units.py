"""Dimensions and units: what may be added to what, and how a unit converts.

Values are held in the coherent system ms, mV, pA and what follows from it: 1/ms = kHz,
pA ms/mV = pF, pA/mV = nS, mV/pA = GOhm. In it no equation needs a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Dimension(NamedTuple):
    """Exponents of time, voltage and current."""

    time: Fraction | int = 0
    voltage: Fraction | int = 0
    current: Fraction | int = 0


NUMBER = Dimension()
TIME = Dimension(time=1)
VOLTAGE = Dimension(voltage=1)
CURRENT = Dimension(current=1)
FREQUENCY = Dimension(time=-1)
CAPACITANCE = Dimension(1, -1, 1)
CONDUCTANCE = Dimension(0, -1, 1)
RESISTANCE = Dimension(0, 1, -1)
WHITE = Dimension(time=Fraction(-1, 2))  # of white noise


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its dimension, and how many of the coherent unit one of it is."""

    dimension: Dimension
    scale: float


UNITS: dict[str, Unit] = {
    "s": Unit(TIME, 1e3),
    "ms": Unit(TIME, 1.0),
    "us": Unit(TIME, 1e-3),
    "V": Unit(VOLTAGE, 1e3),
    "mV": Unit(VOLTAGE, 1.0),
    "uV": Unit(VOLTAGE, 1e-3),
    "uA": Unit(CURRENT, 1e6),
    "nA": Unit(CURRENT, 1e3),
    "pA": Unit(CURRENT, 1.0),
    "Hz": Unit(FREQUENCY, 1e-3),
    "kHz": Unit(FREQUENCY, 1.0),
    "nF": Unit(CAPACITANCE, 1e3),
    "pF": Unit(CAPACITANCE, 1.0),
    "uS": Unit(CONDUCTANCE, 1e3),
    "nS": Unit(CONDUCTANCE, 1.0),
    "GOhm": Unit(RESISTANCE, 1.0),
    "MOhm": Unit(RESISTANCE, 1e-3),
}

_NAMES: dict[Dimension, tuple[str, str]] = {
    NUMBER: ("1", "a plain number"),
    TIME: ("ms", "a time"),
    VOLTAGE: ("mV", "a voltage"),
    CURRENT: ("pA", "a current"),
    FREQUENCY: ("kHz", "a frequency"),
    CAPACITANCE: ("pF", "a capacitance"),
    CONDUCTANCE: ("nS", "a conductance"),
    RESISTANCE: ("GOhm", "a resistance"),
}


def multiply(left: Dimension, right: Dimension) -> Dimension:
    """The dimension of a product."""
    return Dimension(*(a + b for a, b in zip(left, right, strict=True)))


def divide(left: Dimension, right: Dimension) -> Dimension:
    """The dimension of a quotient."""
    return Dimension(*(a - b for a, b in zip(left, right, strict=True)))


def power(dimension: Dimension, exponent: Fraction) -> Dimension:
    """The dimension of a power."""
    return Dimension(*(Fraction(a) * exponent for a in dimension))


def coherent(dimension: Dimension) -> str:
    """The unit in which values of this dimension are held: "ms", "mV/ms", …"""
    if dimension in _NAMES:
        return _NAMES[dimension][0]
    parts = list(zip(("ms", "mV", "pA"), dimension, strict=True))
    above = "*".join(_factor(unit, e) for unit, e in parts if e > 0)
    below = [_factor(unit, -e) for unit, e in parts if e < 0]
    return "/".join([above or "1", *below])


def _factor(unit: str, exponent: Fraction | int) -> str:
    return unit if exponent == 1 else f"{unit}^{float(exponent):.4g}"


def describe(dimension: Dimension) -> str:
    """The dimension in words: "a voltage", "a quantity in mV/ms"."""
    if dimension in _NAMES:
        return _NAMES[dimension][1]
    return f"a quantity in {coherent(dimension)}"


def to_unit(value: float, unit: str) -> float:
    """A coherent value in `unit`; fifteen digits, so that 182 Hz stays 182."""
    scale = UNITS[unit].scale
    return value if scale == 1.0 else float(f"{value / scale:.15g}")
