from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.frontend.units import (
    NUMBER,
    TIME,
    UNITS,
    VOLTAGE,
    Dimension,
    coherent,
    describe,
    divide,
    multiply,
    power,
    to_unit,
)

dimensions = st.builds(Dimension, *[st.integers(-4, 4)] * 3)


@given(dimensions, dimensions)
def test_a_quotient_undoes_a_product(a: Dimension, b: Dimension) -> None:
    assert divide(multiply(a, b), b) == a


@given(dimensions, st.integers(-3, 3))
def test_a_power_is_a_repeated_product(a: Dimension, n: int) -> None:
    repeated = NUMBER
    for _ in range(abs(n)):
        repeated = multiply(repeated, a) if n > 0 else divide(repeated, a)
    assert power(a, Fraction(n)) == repeated


@given(dimensions)
def test_roots_undo_squares(a: Dimension) -> None:
    assert power(power(a, Fraction(2)), Fraction(1, 2)) == a


@pytest.mark.parametrize(
    ("left", "right", "product"),
    [
        ("mV", "nS", "pA"),  # current through a conductance
        ("pA", "GOhm", "mV"),  # voltage over a resistance
        ("GOhm", "pF", "ms"),  # time constant of a membrane
        ("pF", "mV", None),  # charge: pA ms
    ],
)
def test_products_need_no_factor(left: str, right: str, product: str | None) -> None:
    a, b = UNITS[left], UNITS[right]
    assert a.scale * b.scale == 1.0
    expected = UNITS[product].dimension if product else Dimension(1, 0, 1)
    assert multiply(a.dimension, b.dimension) == expected


def test_words() -> None:
    assert coherent(NUMBER) == "1"
    assert coherent(divide(VOLTAGE, TIME)) == "mV/ms"
    assert coherent(power(VOLTAGE, Fraction(2))) == "mV^2"
    assert coherent(Dimension(-1, -1, 0)) == "1/ms/mV"
    assert describe(VOLTAGE) == "a voltage"
    assert describe(divide(VOLTAGE, TIME)) == "a quantity in mV/ms"


@given(st.integers(1, 5000))
def test_hertz_survive_the_way_through_kilohertz(rate: int) -> None:
    assert to_unit(rate * UNITS["Hz"].scale, "Hz") == rate
