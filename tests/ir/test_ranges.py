from __future__ import annotations

from math import inf, nan

import pytest

from snncc.ir.ranges import ANY, BELOW_ONE, COUNT, NOT_NEGATIVE, POSITIVE, SHARE, Range

TABLE = [
    # range, inside, outside, in words
    (ANY, [-3e38, 0, 3e38], [3.5e38], "finite"),
    (POSITIVE, [1e-30, 3e38], [0, -1e-9], "above 0"),
    (NOT_NEGATIVE, [0, 0.0, 7], [-1e-9, -1], "at least 0"),
    (COUNT, [1, 2**53], [0, 0.999], "at least 1"),
    (SHARE, [0, 0.5, 1], [-1e-9, 1.001], "at least 0 and at most 1"),
    (BELOW_ONE, [0, 0.9999999], [1, 2, -1e-9], "at least 0 and below 1"),
    (Range(high=2.0), [-3e38, 2], [2.001], "at most 2"),
]


@pytest.mark.parametrize(("allowed", "inside", "outside", "words"), TABLE)
def test_ends(allowed: Range, inside: list[float], outside: list[float], words: str) -> None:
    assert [value for value in inside if value not in allowed] == []
    assert [value for value in outside if value in allowed] == []
    assert str(allowed) == words


@pytest.mark.parametrize("allowed", [row[0] for row in TABLE])
@pytest.mark.parametrize("value", [nan, inf, -inf, 10**400, 1e300])
def test_what_no_engine_can_hold_is_in_no_range(allowed: Range, value: float) -> None:
    assert value not in allowed


def test_a_number_counts_as_what_float32_makes_of_it() -> None:
    assert 0.99999999 not in BELOW_ONE
    assert 1e-50 not in POSITIVE
