import gzip
import io

import pytest

from snncc.frontend.stored.packed import unpacked
from snncc.frontend.stored.unfit import Unfit


def test_what_is_not_packed_stays() -> None:
    assert unpacked(io.BytesIO(b"abc")).read() == b"abc"
    assert unpacked(io.BytesIO(b"")).read() == b""


def test_what_is_packed_is_read_in_pieces() -> None:
    file = unpacked(io.BytesIO(gzip.compress(b"ab\ncd") + gzip.compress(b"ef")))
    assert file.readline() == b"ab\n"
    assert file.read() == b"cdef"


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snncc.frontend.stored.packed.ALWAYS", 1000)
    content = gzip.compress(bytes(10**6))
    file = unpacked(io.BytesIO(content))
    with pytest.raises(Unfit, match=f"more than {200 * len(content)} bytes, over 200 times"):
        file.read()
    assert unpacked(io.BytesIO(gzip.compress(bytes(1000)))).read() == bytes(1000)
