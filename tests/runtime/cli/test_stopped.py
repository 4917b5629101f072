"""A training that is stopped at any of its file calls, in any way, goes on to the same weights."""

import errno
import json
import shutil
import signal
import sys
from functools import partial

import pytest
from stopping import Stopwatch, at_once, failing, in_process, signalled

from snncc.backends.artifact.model import open_model

pytestmark = pytest.mark.usefixtures("perceptron_target")

KILL = signalled(signal.SIGKILL)
EVENTS = {
    "killed": KILL,
    "Ctrl-C": signalled(signal.SIGINT),
    "SIGTERM": signalled(signal.SIGTERM),
    "SIGHUP": signalled(signal.SIGHUP),
    "full": failing(errno.ENOSPC),
    "read-only": failing(errno.EROFS),
}
STOPPED = {0, 1, 130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP}
OPTIONS = ("--limit", 48, "--test-limit", 10, "--checkpoint-every", 0, "--batch")
NIGHTLY = [pytest.mark.slow, pytest.mark.nightly]
# The event, the batch, and the part of all file calls at which it comes: each, a quarter, one.
CASES = [
    *(pytest.param(event, 16, 0, marks=pytest.mark.slow, id=event) for event in EVENTS),
    *(
        pytest.param(event, batch, 1 if event == "killed" else 4, marks=NIGHTLY)
        for event in EVENTS
        for batch in (1, 16)
    ),
]


@pytest.fixture
def training(snncc, tiny, tmp_path):
    """training(batch, event, at): a run is begun, or goes on, and the event comes at its file call
    of that number; its status, and how many there were."""
    folder = tmp_path / "run"

    def once(batch, event=KILL, at=0):
        def work():
            begun = ("--resume",) if (folder / "run.json").exists() else (tiny, *OPTIONS, batch)
            status, _, err = snncc("train", *begun, "--out", folder)
            print(err, file=sys.stderr)
            return status

        return in_process(work, Stopwatch(folder, event, at))

    return once


@pytest.mark.parametrize(("event", "batch", "step"), CASES)
def test_at_any_file_call(training, tmp_path, event, batch, step):
    run = tmp_path / "run"
    status, calls = training(batch)
    assert status == 0
    assert calls > 40
    weights = (run / "last.snnpkg").read_bytes()
    for at in range(1, calls + 1, step) if step else (calls // 2,):
        shutil.rmtree(run)
        assert training(batch, EVENTS[event], at)[0] in STOPPED
        assert training(batch, KILL, calls - at)[0] in STOPPED  # once more, as it goes on
        assert training(batch)[0] == 0
        assert (run / "last.snnpkg").read_bytes() == weights
        assert not [p for p in run.rglob("*") if p.name.startswith(".") or p.suffix == ".lock"]


def status_of(snncc, *words):
    return snncc(*words)[0]


@pytest.mark.parametrize(
    "rounds", [pytest.param(1, marks=pytest.mark.slow), pytest.param(100, marks=NIGHTLY)]
)
def test_two_that_begin_together(snncc, tiny, tmp_path, rounds):
    """One of them trains, and all in the folder is its own."""
    for number in range(rounds):
        folder = tmp_path / str(number)
        words = ("train", tiny, *OPTIONS, 4, "--out", folder, "--seed")
        works = [partial(status_of, snncc, *words, seed) for seed in (1, 2)]
        assert sorted(at_once(works)) == [0, 1]
        (seed,) = {open_model(folder / name).model.seed for name in ("last.snnpkg", "model.snnpkg")}
        assert json.loads((folder / "run.json").read_text())["options"]["seed"] == seed
        again = partial(status_of, snncc, "train", "--resume", "--out", folder, "--epochs", 3)
        assert set(at_once([again, again])) <= {0, 1}
        assert open_model(folder / "last.snnpkg").model.seed == seed
