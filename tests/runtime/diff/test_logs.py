"""Logs beside other sides: what must fit, and neurons that fire several times in a step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refused

from snncc.backends.artifact.model import Package
from snncc.ir.model import draw_model
from snncc.runtime.diff.log import Log, ordered
from snncc.runtime.diff.logs import log_side
from snncc.runtime.diff.side import Batch, Sizes

NET = """
network n {
  input x[3] encode spikes(duration = 5 ms)
  source s[3] : poisson(rate = 1 kHz)
  output h[3] : lif
  x -> h : dense
  s -> h : dense
}
"""


def log(tmp_path, rows, name="h"):
    array = np.array(rows, np.int64).reshape(-1, 3)
    return ordered(Log(tmp_path / "l.npz", {name: array}, {name: np.arange(len(array))}, {name: 3}))


def network(tmp_path):
    package = Package(draw_model(compiled_text(NET).graph, 0), "reference")
    side = log_side("net", log(tmp_path, []))
    return replace(side, neurons={"x": 3, "s": 3, "h": 3}, package=package)


def test_a_spike_that_is_told_twice_of_neurons_that_fire_once(tmp_path):
    own, other = log(tmp_path, [[0, 1, 2], [0, 3, 2], [0, 1, 2]]), network(tmp_path)
    found = refused("E064", log_side("log", own).fits, other)
    assert "row 2 of `spikes/h` says again what row 0 of `spikes/h` says: neuron 2" in found.message
    log_side("log", log(tmp_path, [[0, 1, 2], [0, 1, 2]], "s")).fits(other)
    log_side("log", own).fits(log_side("other", own))


@pytest.mark.parametrize("often", [1, 3])
def test_counts_of_a_log(tmp_path, often):
    side = log_side("log", log(tmp_path, [[0, 1, 2]] * often + [[0, 2, 0]]))
    spikes = side.trace(Batch(0, 1), Sizes(5, {"h": 3}), False).spikes["h"]
    assert spikes.dtype == (np.bool_ if often == 1 else np.uint8)
    assert np.argwhere(spikes).tolist() == [[1, 0, 2], [2, 0, 0]]
    assert spikes[1, 0, 2] == often
