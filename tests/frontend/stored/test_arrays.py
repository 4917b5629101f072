import io
import struct
import warnings
import zipfile

import numpy as np
import pytest

from snncc.frontend.stored.arrays import read_npy, read_npz, within
from snncc.frontend.stored.unfit import Unfit

ROOM = within(10_000)


def npy(shape: str, descr: str = "'<f4'", data: bytes = b"", order: str = "False") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    return framed(header + b" " * (64 - (10 + len(header) + 1) % 64) + b"\n") + data


def framed(header: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def zipped(*members: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def every(content: bytes) -> dict[str, np.ndarray]:
    return read_npz(io.BytesIO(content), lambda names: names, ROOM)


@pytest.mark.parametrize("dtype", ["f2", ">f8", "i1", "u8", "bool", "U3", "S2", "c8"])
@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (), (4,), (2, 1, 3)])
def test_what_numpy_saves_is_read(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asfortranarray(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype))
    buffer = io.BytesIO()
    np.save(buffer, array)
    found = read_npy(buffer, ROOM)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert found.flags.writeable


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions(version: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.arange(3), version=version)
    assert read_npy(buffer, ROOM).tolist() == [0, 1, 2]


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_only_what_is_chosen_is_read(how: int) -> None:
    content = zipped(("x.npy", npy("(2,)", data=b"\0" * 8)), ("note", b"no array"), how=how)
    assert read_npz(io.BytesIO(content), lambda names: names[:1], ROOM)["x"].tolist() == [0, 0]
    with pytest.raises(Unfit, match="no NumPy array: it starts with 6e6f20"):
        every(content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (npy("(1000000000000, 3)"), "tells of 12000000000000 bytes of values, and it holds 0"),
        (npy("(3, -1)"), "a header with the shape"),
        (npy("(True, 1)", data=b"\0" * 4), "a header with the shape"),
        (npy("[1]", data=b"\0" * 4), "a header with the shape"),
        (npy("(1,)", data=b"\0" * 4, order="0"), "a header with the shape"),
        (npy("(2, 2)", "'|O'", b"\x80\x04N." * 10), "Python objects, which are never loaded"),
        (npy("(1,)", "[('a', '<f4')]", b"\0" * 4), "holds records"),
        (npy("(1,)", "('<f4', (2,))", b"\0" * 8), "holds records"),
        (npy("(2, 2)", data=b"\0" * 15), "tells of 16 bytes of values, and it holds 15"),
        (npy("(2, 2)", data=b"\0" * 17), "tells of 16 bytes of values, and it holds 17"),
        (npy("(1,)", "'<U0'"), "is damaged"),
        (npy("(" + "1, " * 100 + ")", data=b"\0" * 4), "is damaged"),
        (npy("(0, 4294967296, 4294967296, 4294967296)"), "is damaged"),
        (npy("__import__('os').system('true')"), "malformed node"),
        (framed(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), "), "never closed"),
        (framed(b"{'descr': '<f4'}"), "is damaged"),
        (framed(b"(" * 9000), "is damaged"),
        (framed(b"-" * 9000 + b"1"), "is damaged"),
        (framed(b"'\\d'"), "is damaged"),
        (framed(b" " * 20_000), "a header of 20000 bytes"),
        (b"\x93NUMPY\x09\x00" + b" " * 100, "no NumPy array"),
        (b"", "starts with nothing"),
    ],
)
def test_hostile_headers(content: bytes, problem: str) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for read in (read_npy, lambda file, _: every(zipped(("x.npy", file.getvalue())))):
            with pytest.raises(Unfit, match=problem):
                read(io.BytesIO(content), ROOM)
    assert told == []


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_checksum_of_a_member_is_compared(how: int) -> None:
    content = bytearray(zipped(("a.npy", npy("(2,)", data=b"\0\0\x80\x3f" * 2)), how=how))
    place = content.index(b"PK\x01\x02") + 16
    for checksum in (14, place):
        content[checksum] ^= 1
    with pytest.raises(Unfit, match="Bad CRC-32"):
        every(bytes(content))


def test_a_bomb_is_judged_by_its_header() -> None:
    content = zipped(("a.npy", npy("(1000, 1000)", data=bytes(4_000_000))))
    assert len(content) < 10_000
    with pytest.raises(Unfit, match=r"its float32 \[1000, 1000\] would take 0.009 GB of memory"):
        every(content)


def test_a_size_in_the_archive_is_not_believed() -> None:
    content = zipped(("a.npy", npy("(2,)", data=bytes(8))), how=zipfile.ZIP_STORED)
    place = content.index(b"PK\x01\x02")
    forged = bytearray(content)
    forged[place + 24 : place + 28] = struct.pack("<I", 2**31)
    with pytest.raises(Unfit, match="tells of 8 bytes of values"):
        every(bytes(forged))


@pytest.mark.parametrize("flag", [1, 0x20, 0x40])
def test_what_is_encrypted_or_patched(flag: int) -> None:
    content = bytearray(zipped(("a.npy", npy("(2,)", data=bytes(8)))))
    for place in (6, content.index(b"PK\x01\x02") + 8):
        content[place] |= flag
    with pytest.raises(Unfit, match="is damaged"):
        every(bytes(content))
