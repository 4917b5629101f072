"""Discretizations: what each method makes of a model's ODEs."""

from __future__ import annotations

from math import exp, inf

from .euler import euler
from .exact import exact
from .exponential_euler import exponential_euler
from .forward_euler import forward_euler
from .rk4 import rk4
from .scheme import Method, Scheme


def _exponential(z: float) -> float:
    return exp(min(z, 700.0))


def _linear(z: float) -> float:
    return 1.0 + z


def _quartic(z: float) -> float:
    return 1.0 + z * (1.0 + z / 2 * (1.0 + z / 3 * (1.0 + z / 4)))


# The methods that a population may name.
SCHEMES: dict[str, Method] = {
    "euler": Method(euler, _linear, 1.0, True),
    "exact": Method(exact, _exponential, inf, True),
    "forward_euler": Method(forward_euler, _linear, 1.0, False),
    "exponential_euler": Method(exponential_euler, _exponential, inf, False),
    # Where the quartic is 1 again:
    "rk4": Method(rk4, _quartic, 2.7852935634, False),
}

__all__ = ["SCHEMES", "Method", "Scheme"]
