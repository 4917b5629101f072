"""The clock of an epoch stands still while its process does."""

from __future__ import annotations

import threading

import pytest

from snncc.runtime import session
from snncc.runtime.session import Session
from snncc.runtime.training import clock
from snncc.runtime.training.clock import GAP, RunningTime, running_time


def test_a_gap_does_not_count():
    ticks = iter([100.0, 101.0, 101.0 + GAP, 5000.0, 5002.0])
    time = RunningTime(lambda: next(ticks))
    assert [time() for _ in range(4)] == [101.0, 101.0 + GAP, 101.0 + GAP, 103.0 + GAP]


def test_whoever_asks_first_finds_the_gap():
    """The thread may wake after the work whose time is taken."""
    ticks = iter([0.0, 0.0, 9000.0, 9000.5, 9001.0])
    time = RunningTime(lambda: next(ticks))
    start = time()
    assert time() - start == 0.0
    assert time() - start == 0.5


def test_a_thread_asks_for_as_long_as_it_is_wanted(monkeypatch: pytest.MonkeyPatch):
    asked, threads = threading.Semaphore(0), threading.active_count()

    def ask(self: RunningTime) -> float:
        asked.release()
        return 0.0

    monkeypatch.setattr(clock, "BEAT", 0.001)
    monkeypatch.setattr(RunningTime, "__call__", ask)
    with running_time():
        assert all(asked.acquire(timeout=60) for _ in range(3))
    assert threading.active_count() == threads


def test_a_session_is_timed_by_it(monkeypatch: pytest.MonkeyPatch, learning):
    """Of the session's training alone: what a course says else stays."""
    courses = []
    monkeypatch.setattr(session, "fit", lambda trainer, course, *_: courses.append(course))
    session.run(Session(learning.course, None, None, None, ()), None)
    (course,) = courses
    assert isinstance(course.clock, RunningTime)
    assert course.train is learning.course.train
