from __future__ import annotations

import pytest

from snncc.frontend.lower.connect import steps


@pytest.mark.parametrize(
    ("delay", "dt", "count"), [(0.3, 0.1, 3), (0.7, 0.1, 7), (1e4, 0.1, 100_000), (0.0, 1.0, 0)]
)
def test_delays_are_counted_without_rounding_down(delay: float, dt: float, count: int) -> None:
    assert steps(delay, dt, None) == count
