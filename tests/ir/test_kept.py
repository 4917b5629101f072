"""Files that are made anew when they are lost, damaged or another user's."""

from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path

import pytest

from snncc.backends.compiled.text.cache import SealedCode, Stamp
from snncc.ir import kept as module
from snncc.ir.kept import keep, keep_sealed, kept, kept_sealed

KEY, CODE = (("int64",), ("x86_64", "cpu", "+avx2"), ("a", "b")), ("code", b"\x7fELF", 1.5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "file"


def test_what_is_kept_is_this_users_alone(path: Path) -> None:
    keep(path, b"content")
    assert kept(path) == b"content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_not_read(path: Path, mode: int) -> None:
    keep(path, b"content")
    path.chmod(mode)
    assert kept(path) is None


def test_what_another_user_wrote_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(path, b"content")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    assert kept(path) is None


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_not_read(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "no file")
    assert kept(tmp_path / "no file") is None


def test_where_nothing_can_be_written_nothing_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path.parent.parent / "made").touch()
    keep(path, b"content")
    path.parent.unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    keep(path, b"content")
    assert list(path.parent.iterdir()) == []


def test_no_damage_passes(path: Path) -> None:
    keep_sealed(path, b"content", "made", "from")
    whole = path.read_bytes()
    assert kept_sealed(path, "made", "from") == b"content"
    for changed in damages(whole):
        path.write_bytes(changed)
        assert kept_sealed(path, "made", "from") is None
    path.write_bytes(whole)
    for other in (("made",), ("made", "from", ""), ("madefrom",), ("made", "fromc")):
        assert kept_sealed(path, *other) is None


def damages(whole: bytes) -> list[bytes]:
    """One bit of every byte changed, every shorter file, longer ones."""
    flipped = [
        whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :] for at in range(len(whole))
    ]
    return [*flipped, *(whole[:size] for size in range(len(whole))), whole + b"\0", whole * 2]


@pytest.fixture
def code(tmp_path: Path) -> SealedCode:
    return SealedCode(str(tmp_path), "f-1.py311", Stamp("digest"))


def test_machine_code_is_found_by_its_key(code: SealedCode, tmp_path: Path) -> None:
    assert code.load(KEY) is None
    code.save(KEY, CODE)
    code.save(("other",), 5)
    assert (code.load(KEY), code.load(("other",)), code.load(())) == (CODE, 5, None)
    for base, stamp in (("f-1.py311", "changed"), ("g-1.py311", "digest")):
        assert SealedCode(str(tmp_path), base, Stamp(stamp)).load(KEY) is None


def test_damaged_machine_code_is_never_unpickled(
    code: SealedCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code.save(KEY, CODE)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(pickle, "loads", lambda _: pytest.fail("it was"))
        for changed in damages(whole):
            path.write_bytes(changed)
            assert code.load(KEY) is None
    code.save(KEY, CODE)
    assert code.load(KEY) == CODE


def test_the_code_of_another_key_is_not_taken(code: SealedCode, tmp_path: Path) -> None:
    """Though its file is whole, and bears the name."""
    code.save(KEY, CODE)
    (path,) = tmp_path.iterdir()
    code.save(("other",), 5)
    (other,) = set(tmp_path.iterdir()) - {path}
    other.replace(path)
    assert code.load(KEY) is None
