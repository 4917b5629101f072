import stat

import pytest

from snncc.backends.artifact.storage import read_file, sweep, write_file, write_folder
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


def test_written_files_keep_to_the_umask(tmp_path):
    write_file(tmp_path / "a", b"")
    (tmp_path / "plain").touch()
    modes = [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("a", "plain")]
    assert modes[0] == modes[1]


def test_a_folder_replaces_a_folder_whole(tmp_path):
    write_folder(tmp_path / "p", {"old": b"1", "in/old": b"2"})
    write_folder(tmp_path / "p", {"new": b"3"})
    assert [p.name for p in tmp_path.iterdir()] == ["p"]
    assert [p.name for p in (tmp_path / "p").iterdir()] == ["new"]


def test_failing_to_write_is_a_diagnostic_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CompileError) as caught:
        write_file(tmp_path / "file" / "below", b"1")
    assert caught.value.diagnostics[0].code == "E063"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_process_left_is_swept_away(tmp_path):
    for name in (".a.12-ff.part", "mine", ".mine"):
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"mine", ".mine"}


def test_reading_is_limited(tmp_path):
    (tmp_path / "f").write_bytes(b"12345")
    assert read_file(tmp_path / "f", 5) == b"12345"
    with pytest.raises(CompileError, match="larger than 4"):
        read_file(tmp_path / "f", 4)


def test_reading_what_is_not_there(tmp_path):
    with pytest.raises(CompileError, match="cannot read"):
        read_file(tmp_path / "f", 4)
