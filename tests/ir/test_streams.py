"""Streams: the same for the same seed, purpose and name, and for no other."""

from __future__ import annotations

from hashlib import sha256
from itertools import product

import numpy as np

from snncc.ir.streams import stream


def test_each_has_its_own() -> None:
    names = list(product((0, 1), ("wiring", "value"), ("a", "b")))
    drawn = [tuple(stream(*name).random(3)) for name in names]
    assert len(set(drawn)) == len(names)
    assert [tuple(stream(*name).random(3)) for name in names] == drawn


def test_the_key_is_the_digest() -> None:
    """The first words of Philox4x64 by the key of SHA-256 of "0", "wiring" and "x->h"."""
    key = np.frombuffer(sha256(b"0\0wiring\0x->h").digest()[:16], "<u8")
    wanted = np.random.Generator(np.random.Philox(key=key)).random(5)
    np.testing.assert_array_equal(stream(0, "wiring", "x->h").random(5), wanted)
