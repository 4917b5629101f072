"""Killed at any moment and resumed, a run ends with the weights of one that was never killed."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = (
    *("-D", "hidden=25", "-D", "duration=45 ms", "--epochs", "3", "--limit", "1000"),
    *("--test-limit", "50", "--checkpoint-every", "0", "--threads", "2", "--quiet"),
)

AT_NIGHT = [(16, 3), (1, 100), (16, 100)]
CASES = [(1, 3), *(pytest.param(*case, marks=pytest.mark.nightly) for case in AT_NIGHT)]


def command(*words):
    return [sys.executable, "-m", "snncc", "train", *words]


def states(folder):
    return sorted(path.name for path in (folder / "checkpoints").glob("[0-9]*"))


def killed(words, folder, wait):
    """Whether the run was killed, `wait` seconds after it saved a state; it may end before."""
    before = states(folder / "run")
    with subprocess.Popen(command(*words), cwd=folder, stderr=subprocess.PIPE) as running:
        while running.poll() is None and states(folder / "run") == before:
            time.sleep(0.002)
        time.sleep(wait)
        running.kill()
        _, errors = running.communicate()
    assert running.returncode in (0, -signal.SIGKILL), errors.decode()
    return running.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize(("batch", "kills"), CASES)
def test_kill_and_resume_is_bit_identical(tmp_path, batch, kills):
    program = str(ROOT / "examples" / "digits.snn")
    words = (program, *OPTIONS, "--batch", str(batch))
    subprocess.run(command(*words, "--out", "whole"), cwd=tmp_path, check=True)
    chance = random.Random(batch)
    assert killed((*words, "--out", "run"), tmp_path, 0.0)
    again = ("--resume", "--out", "run", "--checkpoint-every", "0", "--quiet")
    for _ in range(kills):
        killed(again, tmp_path, chance.uniform(0.0, 0.4))
    subprocess.run(command(*again), cwd=tmp_path, check=True)
    whole, run = (tmp_path / name / "last.snnpkg" for name in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()
    assert not list((tmp_path / "run").rglob(".*"))
    sessions = json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]
    assert any(session["from"] != sessions[0]["from"] for session in sessions)
