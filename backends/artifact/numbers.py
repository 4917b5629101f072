"""Numbers in documents that are read: JSON has them of any size, and of other types."""

from __future__ import annotations

import sys
from typing import TypeGuard

from ..protocols import LARGEST_COUNT


def is_whole(value: object, low: int, high: int = LARGEST_COUNT) -> TypeGuard[int]:
    """Whether it is a whole number from `low` to `high`."""
    return type(value) is int and low <= value <= high


def is_real(value: object) -> TypeGuard[float]:
    """Whether it is a number that float64 has, infinity and NaN among them."""
    return type(value) is float or (type(value) is int and abs(value) <= sys.float_info.max)


def is_amount(value: object) -> TypeGuard[float]:
    """Whether it is such a number, and not below 0 or NaN."""
    return is_real(value) and value >= 0
