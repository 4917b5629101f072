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
    *("-D", "hidden=25", "-D", "duration=40 ms", "--epochs", "3", "--limit", "1000"),
    *("--test-limit", "50", "--checkpoint-every", "0", "--threads", "2", "--quiet"),
)

KILLS = 6


def command(*words):
    return [sys.executable, "-m", "snncc", "train", *words]


def killed_after(words, seconds, folder):
    """Whether the run was killed; it may have ended before."""
    running = subprocess.Popen(command(*words), cwd=folder, stderr=subprocess.PIPE)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
    _, errors = running.communicate()
    assert running.returncode in (0, -signal.SIGKILL), errors.decode()
    return running.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 8])
def test_kill_and_resume_is_bit_identical(tmp_path, batch):
    program = str(ROOT / "examples" / "digits.snn")
    words = (program, *OPTIONS, "--batch", str(batch))
    short = (*words, "--epochs", "1", "--limit", "16", "--out", "warm")
    subprocess.run(command(*short), cwd=tmp_path, check=True)  # compiles the kernels
    start = time.monotonic()
    subprocess.run(command(*words, "--out", "whole"), cwd=tmp_path, check=True)
    seconds = time.monotonic() - start
    chance = random.Random(batch)
    kills = int(killed_after((*words, "--out", "run"), seconds * 0.6, tmp_path))
    again = ("--resume", "--out", "run", "--checkpoint-every", "0", "--quiet")
    while kills < KILLS and killed_after(again, seconds * chance.uniform(0.4, 1.0), tmp_path):
        kills += 1
    assert kills > 0
    subprocess.run(command(*again), cwd=tmp_path, check=True)
    whole, run = (tmp_path / name / "last.snnpkg" for name in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()
    assert not list((tmp_path / "run").rglob(".*"))
    sessions = json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]
    assert any(session["from"] != sessions[0]["from"] for session in sessions)
