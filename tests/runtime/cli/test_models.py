"""Commands that are given a run."""

from __future__ import annotations

import pytest

from snncc.runtime.training.lock import hold


@pytest.fixture
def run(snncc, tiny, tmp_path):
    assert snncc("train", tiny, "--out", "run", "--limit", 400, "--test-limit", 40)[0] == 0
    return tmp_path / "run"


@pytest.mark.parametrize("command", ["eval", "run", "inspect"])
def test_a_run_that_goes_on_is_said_to(snncc, run, command):
    with hold(run):
        status, _, said = snncc(command, run)
    assert (status, "warning[W062]" in said) == (0, True)
    assert "W062" not in snncc(command, run)[2]
