"""Numbers as the codes that a chip has."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.integers.codes import of_mantissa, of_multiples


def test_the_nearest_multiple() -> None:
    exact = np.array([0.0, 31.9, 32.1, -33.0, 95.0, 97.0])
    assert of_multiples(exact, 6).tolist() == [0, 0, 64, -64, 64, 128]


@pytest.mark.parametrize(
    ("exact", "code"),
    [
        (0.4, 0),
        (4095.2, 4095),
        (4096.4, 4096),  # 2048 times two
        (4097.0, 4096),
        (4099.0, 4100),
        (-8191.0, -8192),
        (8193.9, 8192),
        (100_001.0, 100_000),
    ],
)
def test_a_number_of_thirteen_bits_by_a_power_of_two(exact, code) -> None:
    (found,) = of_mantissa(np.array([exact]), 13)
    assert found == code
    assert of_mantissa(np.array([exact]), 32) == np.rint(exact)
