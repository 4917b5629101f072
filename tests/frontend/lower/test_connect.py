from __future__ import annotations

import pytest
from refusal import refused

from snncc.frontend.lower.connect import steps


@pytest.mark.parametrize(
    ("delay", "dt", "count"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (1e4, 0.1, 100_000), (0.0, 1.0, 0)]
)
def test_delays_are_counted_without_rounding_down(delay: float, dt: float, count: int) -> None:
    assert steps(delay, dt, None) == count


def test_a_delay_is_no_longer_than_engines_can_count() -> None:
    assert steps(1e6, 0.1, None) == 10_000_000
    refused("E005", steps, 1e20, 1.0, None)
    refused("E005", steps, 3e38, 1e-300, None)
