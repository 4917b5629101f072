"""The transformations that `ir.augmentations.AUGMENTATIONS` names: for each, its kernel and the
numbers that it takes."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, floor, pi, radians
from typing import NamedTuple

from ...ir.augmentations import EPOCH
from ...ir.calls import integer, number, text
from ...ir.graph import Call

REACH = 2.5  # of a Gaussian's taps, in its sigma: 10 pixels for the usual 4


class Transform(NamedTuple):
    """`kernel` is a function of `kernels.py`; `numbers`: call -> what it takes."""

    kernel: str
    numbers: Callable[[Call], tuple[float, ...]]


def _distortion(call: Call) -> tuple[float, ...]:
    """The noise is convolved with exp(-(x^2 + y^2) / (2 sigma^2)) / (2 pi sigma): by sigma, not by
    its square, as in the authors' code."""
    sigma = number(call, "sigma")
    reach = max(1, floor(REACH * sigma + 0.5))
    taps = (exp(-(x * x) / (2.0 * sigma * sigma)) for x in range(-reach, reach + 1))
    return (
        number(call, "scale"),
        radians(number(call, "rotation")),
        number(call, "strength") / (2.0 * pi * sigma),
        float(text(call, "fields") == EPOCH),
        *taps,
    )


TRANSFORMS: dict[str, Transform] = {
    "elastic": Transform("distort", _distortion),
    "shift": Transform("move", lambda call: (integer(call, "pixels"),)),
    "crop": Transform("move", lambda call: (integer(call, "padding"),)),
    "flip": Transform("flip", lambda call: (number(call, "p"),)),
    "cutout": Transform("cut", lambda call: (integer(call, "size"), number(call, "fill"))),
}
