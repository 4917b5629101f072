import io
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snncc.backends.artifact.archive import ArchiveError, pack, unpack

MEMBERS = {"manifest.json": b"{}", "weights.safetensors": bytes(range(256)), "k/a.py": b""}
PACKED = pack(MEMBERS)

names = st.from_regex(r"[a-z0-9_][a-z0-9_.-]{0,8}(/[a-z0-9_]{1,4})?", fullmatch=True)


@given(st.dictionaries(names, st.binary(max_size=40), max_size=5))
def test_round_trip(members):
    if not members:
        return
    assert unpack(pack(members)) == members


def test_zip_tools_read_it():
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == MEMBERS


def test_order_of_members_does_not_matter():
    assert pack(dict(reversed(MEMBERS.items()))) == PACKED


@given(st.integers(0, len(PACKED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused_or_changes_the_content(place, flip):
    damaged = bytearray(PACKED)
    damaged[place] ^= flip
    with pytest.raises(ArchiveError):
        unpack(bytes(damaged))


@given(st.integers(0, len(PACKED) - 1))
def test_any_cut_is_refused(length):
    with pytest.raises(ArchiveError):
        unpack(PACKED[:length])


@given(st.binary(max_size=200))
def test_noise_is_refused(noise):
    for content in (noise, b"PK\3\4" + noise, PACKED + noise):
        if content != PACKED:
            with pytest.raises(ArchiveError):
                unpack(content)


def zipped(*members, method=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", method) as archive:
        warnings.simplefilter("ignore")  # the doubled name
        for name, text in members:
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [
        zipped(("../evil", b"1")),
        zipped(("/etc/passwd", b"1")),
        zipped(("a/../../b", b"1")),
        zipped(("a\\b", b"1")),
        zipped(("a", b"1"), ("a", b"2")),
        zipped(("bomb", b"0" * 10_000_000), method=zipfile.ZIP_DEFLATED),
        zipped(),
    ],
)
def test_hostile_archives_are_refused(hostile):
    with pytest.raises(ArchiveError):
        unpack(hostile)


@pytest.mark.parametrize("name", ["..", "a/..", "", "/a", "a//b", ".hidden", "a b", "é", "a" * 201])
def test_harmful_names_are_not_written(name):
    with pytest.raises(ArchiveError):
        pack({name: b""})
