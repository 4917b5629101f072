"""What every device computes alike, as the definitions of `ir` have it."""

from __future__ import annotations

import numpy as np
import pytest

from snncc.ir.philox import philox4x32

ONES = 0xFFFFFFFF
KNOWN = {
    (0, 0, 0, 0, 0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (ONES,) * 6: (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0): (
        0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "answer"), KNOWN.items())
def test_known_answers(plain, words, answer):
    assert tuple(map(int, plain.philox(*map(np.uint64, words)))) == answer


def test_agrees_with_ir(plain):
    words = np.random.default_rng(0).integers(0, 2**32, (50, 6), dtype=np.uint64)
    for row in words:
        assert list(map(int, plain.philox(*row))) == philox4x32(row[:4], row[4:]).tolist()
