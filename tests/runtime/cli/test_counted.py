"""Inputs of several spikes in a step, the whole way: data, a training, runs, integers, xylosim."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from emulators import run_folders

PAGE = (Path(__file__).resolve().parents[3] / "docs/xylo.md").read_text()
CELL = re.findall(r"```snn\n(neuron cell.*?\n}\n)", PAGE, re.DOTALL)[0]
NET = (
    CELL
    + """
network n {
  dt = 1 ms
  input x[4] encode spikes(duration = 20 ms, most = 9)
  population h[12] : cell(v_th = 2 mV)
  output y[2] : cell
  x -> h : dense(init = uniform(-0.5, 0.5))
  h -> y : dense(init = uniform(-0.5, 0.5))  delay 1 ms
}
train n {
  data npz(path = "counts.npz")
  rule surrogate(curve = "fast_sigmoid", width = 4)
  loss cross_entropy
  optimizer adam(lr = 0.02)
  batch 8
  epochs 12
}
"""
)


@pytest.fixture
def samples(tmp_path):
    """Inputs that fire at the same times in both classes: how often tells them apart."""
    rng, labels = np.random.default_rng(0), np.arange(120) % 2
    fires = rng.random((120, 20, 4)) < 0.4
    more = np.stack([labels == 0, labels == 0, labels == 1, labels == 1], axis=1)[:, None]
    often = np.where(more, rng.integers(4, 10, fires.shape), 1)
    counts = (fires * often).astype(np.uint8)
    np.savez(
        tmp_path / "counts.npz",
        x_train=counts[:80], y_train=labels[:80], x_test=counts[80:], y_test=labels[80:],
    )  # fmt: skip
    np.save(tmp_path / "x.npy", counts[80:])
    (tmp_path / "n.snn").write_text(NET)
    return counts[80:]


def test_counts_on_the_reference(snncc, answer, samples, tmp_path):
    on = ("--target", "reference", "--limit", 3)
    assert snncc("run", "n.snn", *on, "--inputs", "x.npy", "--record", "a.npz")[0] == 0
    assert snncc("run", "n.snn", *on, "--record", "b.npz")[0] == 0
    found = [np.load(tmp_path / name)["spikes/x"] for name in ("a.npz", "b.npz")]
    for rows in found:
        counts = np.zeros((3, 20, 4), int)
        np.add.at(counts, tuple(rows.T), 1)
        np.testing.assert_array_equal(counts, samples[:3])
    status, out, _ = snncc("diff", "n.snn@reference", "a.npz", "--limit", 3)
    assert (status, "is equal" in out or "0 of" in out) == (0, True), out


def test_a_count_beyond_the_most_has_a_place(snncc, samples, tmp_path):
    samples[1, 2, 3] = 10
    np.save(tmp_path / "x.npy", samples)
    status, _, err = snncc("run", "n.snn", "--inputs", "x.npy")
    assert status == 1
    assert "error[E062]: neuron 3 of `x` has 10 spikes in step 2 of sample 1" in err


@pytest.mark.slow
def test_from_counts_to_xylosim(snncc, answer, samples, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert snncc("train", "n.snn", "--out", "f")[0] == 0
    assert answer("eval", "f")[-1]["accuracy"] > 0.9
    words = ("--target", "xylo_audio3", "--guard", 0, "--out", "q.snnpkg")
    assert snncc("quantize", "f", *words)[0] == 0
    assert snncc("export", "q.snnpkg", "--target", "xylo", "--out", "x", "--vectors", 8)[0] == 0
    run_folders("xylosim", [tmp_path / "x"])
    status, out, _ = snncc("diff", "q.snnpkg", "x/log.npz", "--states")
    assert status == 0, out
    assert len(np.load(tmp_path / "x/log.npz")["spikes/x"]) == samples[:8].sum()
