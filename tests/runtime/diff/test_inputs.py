"""Inputs of several spikes in a step: what was done to them on another side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planted import NET, compared, package, presentation, traced, trained, write_log
from refusal import refused

from snncc.backends.artifact.model import Package
from snncc.backends.played import Played
from snncc.backends.trace import Trace
from snncc.runtime.diff import written
from snncc.runtime.diff.explained import evidence_text

COUNTED = NET.replace("bernoulli(duration = 20 ms)", "spikes(duration = 20 ms, most = 4)")


def counts(samples=8):
    given, rng = presentation(samples), np.random.default_rng(3)
    often = rng.integers(0, 5, (samples, 20, 16)) * (rng.random((samples, 20, 16)) < 0.2)
    return replace(given, values=often.astype(np.uint8))


def logged(folder, name, model, spikes):
    """A log of what a model does, its input replaced."""
    own = traced(model, counts())
    write_log(folder / name, model, Trace({**own.spikes, **spikes}, {}))
    return folder / name


@pytest.mark.parametrize("name", ["log.npz", "log.csv"])
def test_a_log_has_every_spike(tmp_path, name):
    model = trained(COUNTED)
    log = logged(tmp_path, name, model, {})
    made, reason = compared(tmp_path, package(tmp_path / "a", model), log, counts())
    assert (made.is_equal, reason) == (True, None)
    assert made.found.spikes["x"].sum() == 2 * counts().values.sum()


def test_counts_that_became_spikes_are_told(tmp_path):
    model = trained(COUNTED)
    once = traced(model, counts()).spikes["x"] > 0
    log = logged(tmp_path, "log.npz", model, {"x": once})
    made, reason = compared(tmp_path, package(tmp_path / "a", model), log, counts())
    assert made.found.first.population == "x"
    said = evidence_text(made.found.first, reason, False)
    assert "with one spike where there are several" in said


def test_counts_that_came_late_are_told(tmp_path):
    model = trained(COUNTED)
    late = np.roll(traced(model, counts()).spikes["x"], 1, axis=0)
    late[0] = 0
    log = logged(tmp_path, "log.npz", model, {"x": late})
    made, reason = compared(tmp_path, package(tmp_path / "a", model), log, counts())
    assert "the input 1 step late" in evidence_text(made.found.first, reason, False)


def test_a_fault_behind_counts_is_replayed(tmp_path):
    """What reaches a population by itself is as often as it was sent."""
    model = trained(COUNTED)
    bad = model.with_weights({"x->h": model.weights("x->h") / 2})
    log = logged(tmp_path, "log.npz", model, traced(bad, counts()).spikes)
    made, reason = compared(tmp_path, package(tmp_path / "a", model), log, counts())
    assert "with half the weights of `x->h`" in evidence_text(made.found.first, reason, False)
    assert reason.cause.explained == reason.cause.neurons


def test_what_was_written_out_takes_one_spike(monkeypatch):
    played = Played({"x": 16}, {}, {"h": 12}, 1.0, "", lambda inputs: None)
    monkeypatch.setattr(written, "played_onnx", lambda path: played)
    package = Package(trained(COUNTED), "cpu")
    refusal = refused("E075", written.onnx_side, "model.onnx", package)
    assert "`x` has up to 4 spikes of a neuron in a step" in refusal.message
