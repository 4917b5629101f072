"""Each surrogate curve integrates to 1, is even, and is the paper's formula where that has one."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.adjoint.curves import CURVES
from snncc.ir.expr import Const, Ref, evaluate
from snncc.ir.rules import RULES


def curve(kind, m, a):
    return evaluate(CURVES[kind](Ref("m"), Const(a)), {"m": np.asarray(m, float)}, np.float64)


@pytest.mark.parametrize("width", [0.5, 2.5])
@pytest.mark.parametrize("kind", CURVES)
def test_the_area_is_one(kind, width):
    reach = 4000.0 if kind in ("arctan", "fast_sigmoid") else 40.0
    m = np.linspace(-reach, reach, 4_000_001)
    values = curve(kind, m, width)
    tail = {"arctan": 2 * width / np.pi**2 / reach, "fast_sigmoid": width / (2 * reach)}
    area = np.trapezoid(values, m) + tail.get(kind, 0.0)
    assert area == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(values, values[::-1], atol=1e-12)


def test_the_formulas_of_the_paper():
    """algorithm: Wu et al. 2018, eqs. 19 to 22, at a = 2 and u - V = 0.3."""
    a, m = 2.0, 0.3
    e = np.exp(-m / a)
    assert curve("rectangle", m, a) == 1 / a
    assert curve("triangle", m, a) == pytest.approx(np.sqrt(a) / 2 - a / 4 * m)
    assert curve("sigmoid", m, a) == pytest.approx(e / (1 + e) ** 2 / a)
    assert curve("gaussian", m, a) == pytest.approx(np.exp(-m * m / 2 / a) / np.sqrt(2 * np.pi * a))
    assert curve("rectangle", 1.01, a) == 0.0
    assert curve("triangle", 1.42, a) == 0.0


def test_programs_can_name_every_curve():
    (curve,) = (a for a in RULES["surrogate"].arguments if a.name == "curve")
    assert set(curve.choices) == set(CURVES)
