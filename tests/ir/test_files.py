import os
import socket
import threading
from pathlib import Path

import pytest

from snncc.ir.files import open_file, read_bytes, resolved


def reason(path: Path) -> str:
    with pytest.raises(OSError, match=r".") as caught:
        open_file(path)
    return caught.value.strerror or ""


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("f")
    assert read_bytes(tmp_path / "link", 3) == b"abc"
    with pytest.raises(OSError, match="larger than 2 bytes"):
        read_bytes(tmp_path / "f", 2)


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="needs /proc")
def test_a_file_that_hides_its_size_is_bounded_too() -> None:
    with pytest.raises(OSError, match="larger than 2 bytes"):
        read_bytes(Path("/proc/self/stat"), 2)


def test_a_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "it is a folder"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is a pipe" in reason(tmp_path / "pipe")


def test_nor_is_one_that_somebody_writes_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    keeper = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=lambda: os.close(os.open(tmp_path / "pipe", os.O_WRONLY)))
    writer.start()
    assert "it is a pipe" in reason(tmp_path / "pipe")
    writer.join()
    os.close(keeper)


def test_a_device() -> None:
    assert reason(Path("/dev/zero")) == "it is a device"


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the whole path may be too long for a socket
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("s")
        assert reason(tmp_path / "s")


def test_a_circle_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert "symbolic links" in reason(tmp_path / "a")
    assert "symbolic links" in reason(resolved(tmp_path / "a"))


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000, "none"])
def test_a_name_that_leads_nowhere(tmp_path: Path, name: str) -> None:
    assert reason(tmp_path / name)
    assert reason(resolved(tmp_path / name))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "f").touch(mode=0)
    assert "ermission" in reason(tmp_path / "f")


def test_resolved_follows_links_and_dots(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    (tmp_path / "link").symlink_to("f")
    assert resolved(tmp_path / "x" / ".." / "link") == resolved(tmp_path) / "f"
