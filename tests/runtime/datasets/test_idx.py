import gzip
import struct

import numpy as np
import pytest
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.runtime.datasets.idx import gunzip, parse_idx, read_idx


def idx_bytes(array, code=0x08):
    head = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
CONTENT = idx_bytes(IMAGES)


def unparsed(content):
    return refused("E061", parse_idx, content, "x.idx").message


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_plain_and_packed(tmp_path, pack):
    (tmp_path / "f").write_bytes(pack(CONTENT))
    np.testing.assert_array_equal(read_idx(tmp_path / "f"), IMAGES)


@pytest.mark.parametrize(
    ("code", "dtype"), [(0x0B, "i2"), (0x0C, "i4"), (0x0D, "f4"), (0x0E, "f8")]
)
def test_wider_types_are_big_endian(code, dtype):
    values = np.array([1, -2, 300], dtype)
    read = parse_idx(idx_bytes(values, code), "x")
    assert read.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(read, values)


def test_wrong_magic():
    assert "is not an IDX file" in unparsed(b"\1\0\x08\3" + CONTENT[4:])
    assert "not an IDX file" in unparsed(b"\0\0\x07\3" + CONTENT[4:])
    assert "nothing" in unparsed(b"")


def test_wrong_count():
    assert "ends after 23 of 24 bytes of values" in unparsed(CONTENT[:-1])
    assert "holds more than the 24 bytes of values" in unparsed(CONTENT + b"1")


def test_header_cut_short():
    assert "cut short" in unparsed(CONTENT[:9])
    assert "has 0 axes" in unparsed(b"\0\0\x08\0")
    assert "has 100 axes" in unparsed(b"\0\0\x08\x64" + b"\0\0\0\1" * 100 + b"\0")


def test_sizes_that_would_fill_the_memory_are_not_believed():
    assert "would take" in unparsed(b"\0\0\x0e\4" + b"\xff" * 16)
    assert "ends after 0 of 100000000 bytes" in unparsed(b"\0\0\x08\1\x05\xf5\xe1\0")
    assert "holds no values" in unparsed(b"\0\0\x08\3" + b"\0" * 4 + b"\xff" * 8)


@pytest.mark.parametrize("cut", [5, 20, -3])
def test_truncated_gzip(tmp_path, cut):
    (tmp_path / "f.gz").write_bytes(gzip.compress(CONTENT)[:cut])
    assert "it is damaged" in refused("E061", read_idx, tmp_path / "f.gz").message


def test_flipped_gzip(tmp_path):
    content = bytearray(gzip.compress(CONTENT))
    content[-5] ^= 1
    (tmp_path / "f.gz").write_bytes(content)
    assert "it is damaged" in refused("E061", read_idx, tmp_path / "f.gz").message


def test_a_gzip_bomb_is_not_unpacked():
    with pytest.raises(CompileError, match="more than 1000 bytes"):
        gunzip(gzip.compress(b"0" * 100_000), "f", limit=1000)
