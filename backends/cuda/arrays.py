"""Arrays on a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class DeviceArray:
    """A C-contiguous array at an address of the card's memory, which `owner` frees when it goes."""

    pointer: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    nbytes: int
    owner: Any = field(default=None, repr=False)
