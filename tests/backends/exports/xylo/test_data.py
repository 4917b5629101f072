"""Drawn networks of Xylo in xylosim: every spike, potential and current of every step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from emulators import run_folders
from xylo_nets import drawn_xylo, is_logged, traced

from snncc.backends.exports.xylo.folder import xylo_files

pytestmark = pytest.mark.slow


def written(folder: Path, seed: int) -> Path:
    folder.mkdir()
    for name, content in xylo_files(drawn_xylo(seed), "digest", traced(seed)).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("count", [8, pytest.param(50, marks=pytest.mark.nightly)])
def test_drawn_networks_in_xylosim(count: int, tmp_path: Path) -> None:
    folders = [written(tmp_path / str(seed), seed) for seed in range(count)]
    run_folders("xylosim", folders)
    logged = [is_logged(seed, folder / "log.npz") for seed, folder in enumerate(folders)]
    fired, several, ends = np.sum(logged, axis=0)
    assert fired > 50 * count
    assert several > fired // 2  # which came beside others in their step
    assert ends > 100


def test_a_difference_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", 4)
    config = json.loads((folder / "xylo.json").read_text())
    config["threshold"] = [code + 1 for code in config["threshold"]]
    (folder / "xylo.json").write_text(json.dumps(config))
    run_folders("xylosim", [folder])
    with pytest.raises(AssertionError):
        is_logged(4, folder / "log.npz")
