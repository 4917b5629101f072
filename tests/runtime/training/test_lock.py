"""One process at a time trains in a folder."""

import fcntl
import os
import signal
import time
from pathlib import Path

import pytest
from refusal import refused

from snncc.runtime.training.lock import LOCK, hold, in_progress
from snncc.runtime.training.run_folder import CHECKPOINTS


def enter(path):
    with hold(path):
        pass


def killed_while(work):
    """A process that is killed in the middle of its work."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(1)  # it should have died before
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def die_holding(path):
    with hold(path):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_folder_has_one_owner(tmp_path):
    with hold(tmp_path / "run") as path:
        for _ in range(2):
            assert "another process trains in" in refused("E063", enter, path).message
    enter(path)


def test_others_see_that_a_process_trains(tmp_path):
    assert in_progress(tmp_path / "run") == in_progress(tmp_path / "net.snn") == ()
    with hold(tmp_path / "run") as path:
        (found,) = in_progress(path)
        assert (found.code, "is still training" in found.message) == ("W062", True)
    killed_while(lambda: die_holding(tmp_path / "run"))
    assert in_progress(path) == ()


def test_who_looks_does_not_keep_a_trainer_out(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / LOCK).open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        enter(tmp_path / "run")


def test_the_lock_of_a_killed_process_is_gone(tmp_path):
    killed_while(lambda: die_holding(tmp_path / "run"))
    assert (tmp_path / "run" / LOCK).exists()
    enter(tmp_path / "run")
    assert not (tmp_path / "run" / LOCK).exists()


def test_a_lock_that_its_owner_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    """Between opening the file and locking it: a third one would make a new file, and lock that."""
    lock, calls = fcntl.flock, []

    def late(handle, how):
        lock(handle, how)
        calls.append(handle)
        if len(calls) == 1:
            (tmp_path / LOCK).unlink()

    monkeypatch.setattr(fcntl, "flock", late)
    with hold(tmp_path):
        assert len(calls) == 2
        refused("E063", enter, tmp_path)


def test_folders_that_stay_empty_vanish_again(tmp_path):
    enter(tmp_path / "runs" / "one")
    assert list(tmp_path.iterdir()) == []
    with hold(tmp_path / "runs" / "two") as path:
        (path / "run.json").touch()
    enter(tmp_path / "runs" / "three")
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["two"]
    enter(tmp_path)
    assert tmp_path.is_dir()


def test_what_a_killed_process_was_writing_is_swept(tmp_path):
    for place in (tmp_path, tmp_path / CHECKPOINTS):
        (place / ".snncc-7-01234567.part" / "half").mkdir(parents=True)
        (place / ".snncc-7-76543210.part").touch()
    (tmp_path / ".snncc-mine").touch()
    enter(tmp_path)
    assert [p.name for p in tmp_path.rglob(".snncc-*")] == [".snncc-mine"]


@pytest.mark.parametrize("name", ["file/run", "n" * 300, "linked"])
def test_a_folder_that_cannot_be_had(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / LOCK).symlink_to(tmp_path / "elsewhere")
    assert "cannot write" in refused("E063", enter, tmp_path / name).message
    assert {p.name for p in Path(tmp_path).iterdir()} == {"file", "linked"}
