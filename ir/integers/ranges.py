"""What was seen of the numbers of a network in training samples: the calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Ranges:
    """The largest size of numbers, in their own units: `sent` by input population, `states` by
    population and state."""

    sent: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    states: Mapping[tuple[str, str], float] = field(default_factory=lambda: MappingProxyType({}))


UNSEEN = Ranges()
