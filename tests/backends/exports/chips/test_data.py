"""Drawn networks of Loihi on the emulators of others: every spike, u and v of every step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from emulators import run_folders
from loihi_nets import drawn_loihi, is_logged, traced

from snncc.backends.exports.chips.flavours import FLAVOURS
from snncc.backends.exports.chips.loihi import loihi_files

pytestmark = pytest.mark.slow
SOME = {"lava": 8, "brian2": 12, "nengo": 20}


def written(folder: Path, seed: int, flavour: str) -> Path:
    model = drawn_loihi(seed, flavour)
    folder.mkdir()
    for name, content in loihi_files(model, "digest", traced(model, seed), flavour).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("count", ["some", pytest.param("fifty", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_drawn_networks_on_an_emulator(flavour: str, count: str, tmp_path: Path) -> None:
    seeds = range(SOME[flavour] if count == "some" else 50)
    folders = [written(tmp_path / str(seed), seed, flavour) for seed in seeds]
    run_folders(flavour, folders)
    fired = 0
    for seed, folder in zip(seeds, folders, strict=True):
        model = drawn_loihi(seed, flavour)
        fired += is_logged(model, traced(model, seed), folder / "log.npz")
    assert fired > 50 * len(folders)


def test_a_difference_is_found(tmp_path: Path) -> None:
    folder = written(tmp_path / "one", 3, "nengo")
    weights = dict(np.load(folder / "weights.npz"))
    name = next(name for name, each in weights.items() if each.any())
    weights[name] = np.where(weights[name] == 0, 0, weights[name] - 2).astype(np.int16)
    np.savez(folder / "weights.npz", **weights)
    run_folders("nengo", [folder])
    model = drawn_loihi(3, "nengo")
    with pytest.raises(AssertionError):
        is_logged(model, traced(model, 3), folder / "log.npz")
