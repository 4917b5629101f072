"""What the script beside Brian2 takes for equal."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian import check_grid, first_difference, time_grid


def found(steps: list[int], neurons: list[int]) -> dict[str, Any]:
    return {"e/step": np.array(steps), "e/neuron": np.array(neurons)}


def test_the_first_spike_that_only_one_side_has_is_told() -> None:
    ours = {"e": np.array([[0, 3, 1], [0, 3, 2], [0, 9, 0]])}
    assert first_difference(ours, found([3, 3, 9], [1, 2, 0])) == (None, 3)
    assert first_difference(ours, found([3, 3, 10], [1, 2, 0])) == (9, 3)
    assert first_difference(ours, found([3, 4, 9], [1, 2, 0])) == (3, 3)
    assert first_difference(ours, found([3, 3, 7, 9], [1, 2, 2, 0])) == (7, 3)
    assert first_difference(ours, found([], [])) == (3, 3)


def test_tables() -> None:
    row = {"model": "m", "ms": 5.0, "spikes": 7, "first_difference": None, "weights": 0.0}
    other = row | {"first_difference": 4, "weights": 6e-15}
    assert [line[3:] for line in check_grid([row, other]).rows] == [
        ("equal", ""),
        ("step 4", "6e-15"),
    ]
    timed = {
        "model": "m", "ms": 5.0, "ours": [1.0, 3.0, 2.0], "first": 9.0, "theirs": {"cpp": [6.0]},
        "whole": {"cpp": 8.0}, "spikes": {"e": 3}, "rates": {"e": 12.0},
    }  # fmt: skip
    (line,) = time_grid([timed]).rows
    assert line == ("m", "5 ms", "12", "cpp", "2.000 s", "6.000 s", "3.00", "9.0 s", "8.0 s")
