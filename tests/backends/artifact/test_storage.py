import os
import stat
from pathlib import Path

import pytest
from refusal import refused

from snncc.backends.artifact.storage import (
    is_file,
    is_folder,
    read_file,
    sweep,
    write_file,
    write_folder,
)
from snncc.ir.diagnostics import CompileError


def test_write_makes_folders_and_leaves_nothing_else(tmp_path):
    write_file(tmp_path / "a" / "b.bin", b"12")
    write_file(tmp_path / "a" / "b.bin", b"345")
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.bin"]
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"345"


def test_who_has_the_old_file_open_keeps_it_whole(tmp_path):
    write_file(tmp_path / "a", b"old")
    with (tmp_path / "a").open("rb") as reader:
        write_file(tmp_path / "a", b"new")
        assert reader.read() == b"old"


def permissions(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_keep_to_the_umask(tmp_path):
    write_file(tmp_path / "a", b"")
    (tmp_path / "plain").touch()
    assert permissions(tmp_path / "a") == permissions(tmp_path / "plain")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path, mode):
    write_file(tmp_path / "a", b"old")
    (tmp_path / "a").chmod(mode)
    write_file(tmp_path / "a", b"new")
    assert permissions(tmp_path / "a") == mode


@pytest.mark.parametrize("old", [b"old", None])
def test_a_link_is_written_through(tmp_path, old):
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "file"
    if old is not None:
        target.write_bytes(old)
    (tmp_path / "link").symlink_to("there/file")
    (tmp_path / "again").symlink_to("link")
    write_file(tmp_path / "again", b"new")
    assert target.read_bytes() == b"new"
    assert (tmp_path / "again").is_symlink()
    assert (tmp_path / "link").is_symlink()


def test_a_link_to_itself_is_a_diagnostic(tmp_path):
    (tmp_path / "link").symlink_to("link")
    assert "cannot write" in refused("E063", write_file, tmp_path / "link", b"").message
    assert "cannot read" in refused("E063", is_file, tmp_path / "link").message


def test_what_is_no_file_is_written_to(tmp_path):
    (tmp_path / "null").symlink_to(os.devnull)
    write_file(tmp_path / "null", b"1")
    assert Path(os.devnull).is_char_device()
    assert [p.name for p in tmp_path.iterdir()] == ["null"]


@pytest.mark.parametrize("length", [255, 256, 5000])
def test_long_names(tmp_path, length):
    path = tmp_path / ("n" * length)
    if length <= 255:
        write_file(path, b"1")
        assert is_file(path)
        assert not is_folder(path)
        return
    for act in (
        is_file,
        is_folder,
        lambda p: write_file(p, b""),
        lambda p: write_folder(p, {}, ""),
    ):
        refused("E063", act, path)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_made_whole(tmp_path):
    write_folder(tmp_path / ("p" * 250), {"new": b"3", "in/new": b"4"}, "new")
    (folder,) = tmp_path.iterdir()
    assert sorted(p.name for p in folder.iterdir()) == ["in", "new"]
    assert (folder / "in" / "new").read_bytes() == b"4"


def test_a_folder_that_stands_is_given_other_members(tmp_path):
    write_folder(tmp_path / "p", {"old": b"1", "both": b"2"}, "both")
    (tmp_path / "p" / "both").chmod(0o600)
    (tmp_path / "link").symlink_to("p")
    before = (tmp_path / "p").stat().st_ino
    write_folder(tmp_path / "link", {"new": b"3", "both": b"4"}, "both")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "p"]
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == ["both", "new"]
    assert (tmp_path / "p" / "both").read_bytes() == b"4"
    assert permissions(tmp_path / "p" / "both") == 0o600
    assert (tmp_path / "p").stat().st_ino == before


@pytest.mark.parametrize("path", [".", ""])
def test_the_current_folder_is_filled(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    write_folder(Path(path), {"a": b"1"}, "a")
    assert Path("a").read_bytes() == b"1"


def test_a_folder_cut_short_holds_no_more_than_its_first_member_tells(tmp_path, monkeypatch):
    old, new = {"list": b"1", "gone": b"2"}, {"list": b"3", "more": b"4", "a": b"5"}
    write_folder(tmp_path / "p", old, "list")
    replace, states = Path.replace, []

    def watched(source, target):
        states.append({p.name for p in (tmp_path / "p").iterdir()})
        states[-1] -= {"list"} if (tmp_path / "p" / "list").read_bytes() == b"1" else set()
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_folder(tmp_path / "p", new, "list")
    assert states[-3:] == [set(), {"list"}, {"list", "more"}]


def test_a_folder_that_cannot_be_filled_stays_as_it_was(tmp_path):
    write_folder(tmp_path / "p", {"old": b"1"}, "old")
    with pytest.raises(CompileError, match="cannot write"):
        write_folder(tmp_path / "p", {"a": b"1", "n" * 256: b"2"}, "a")
    assert [p.name for p in (tmp_path / "p").iterdir()] == ["old"]
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_failing_to_write_is_a_diagnostic_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    refused("E063", write_file, tmp_path / "file" / "below", b"1")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def killed_in(folder, monkeypatch, write):
    """What a process leaves in the folder that is killed while it writes."""
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        patch.setattr("os.fsync", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write()
    return [p.name for p in folder.iterdir()]


def test_what_a_killed_process_left_is_swept_away(tmp_path, monkeypatch):
    killed_in(tmp_path, monkeypatch, lambda: write_file(tmp_path / "a", b"1"))
    killed_in(tmp_path, monkeypatch, lambda: write_folder(tmp_path / "p", {"b": b"1"}, "b"))
    assert sorted(p.is_dir() for p in tmp_path.iterdir()) == [False, True]
    for name in ("mine", ".mine", ".mine.part", ".snncc-mine.part"):
        (tmp_path / name).touch()
    sweep(tmp_path)
    found = {p.name for p in tmp_path.iterdir()}
    assert found == {"mine", ".mine", ".mine.part", ".snncc-mine.part"}


def test_reading_is_limited(tmp_path):
    (tmp_path / "f").write_bytes(b"12345")
    assert read_file(tmp_path / "f", 5) == b"12345"
    assert "larger than 4" in refused("E063", read_file, tmp_path / "f", 4).message


def test_reading_what_is_not_there(tmp_path):
    assert "cannot read" in refused("E063", read_file, tmp_path / "f", 4).message
