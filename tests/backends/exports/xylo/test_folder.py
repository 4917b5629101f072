"""The folder of Xylo: run by what its README says, in NumPy, it does what the reference does."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import xylo_numpy
from refusal import refused
from xylo_nets import NET, drawn_xylo, in_xylo, is_logged, spikes_of, traced

from snncc.backends.exports.xylo.folder import MEANS, require_xylo, xylo_files


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, given: str = "inputs.npz") -> Path:
    """The script of a folder, on NumPy."""
    monkeypatch.setitem(sys.modules, "xylosim", ModuleType("xylosim"))
    monkeypatch.setitem(sys.modules, "xylosim.v2", xylo_numpy)
    script = runpy.run_path(str(folder / "run.py"), run_name="run")
    script["main"](folder / given, folder / "log.npz")
    return folder / "log.npz"


def written(seed: int, folder: Path) -> Path:
    for name, content in xylo_files(drawn_xylo(seed), "digest", traced(seed)).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_drawn_networks_by_the_readme(seed, tmp_path, monkeypatch) -> None:
    fired, _, _ = is_logged(seed, run(written(seed, tmp_path), monkeypatch))
    assert fired > 0


def test_spikes_of_an_array(tmp_path, monkeypatch) -> None:
    written(2, tmp_path)
    spikes = spikes_of(2).values
    assert spikes.max() == 15
    np.save(tmp_path / "x.npy", spikes)
    is_logged(2, run(tmp_path, monkeypatch, "x.npy"))
    for wrong in (spikes + 1, -spikes.astype(np.int8), spikes / 2):
        np.save(tmp_path / "x.npy", wrong)
        with pytest.raises(SystemExit, match="x takes 0 to 15 spikes of a neuron in a step"):
            run(tmp_path, monkeypatch, "x.npy")
    np.save(tmp_path / "x.npy", np.zeros((2, 3), np.uint8))
    with pytest.raises(SystemExit, match="spikes are"):
        run(tmp_path, monkeypatch, "x.npy")


def test_numbers_of_a_folder() -> None:
    files = xylo_files(in_xylo(NET, guard=3), "digest", None)
    assert files.keys() == {"xylo.json", "net.json", "run.py", "README.md"}
    config, net = json.loads(files["xylo.json"]), json.loads(files["net.json"])
    assert [config[f"weight_shift_{n}"] for n in ("inp", "rec", "out")] == [3, 3, 3]
    assert (config["dash_mem"], config["dash_mem_out"]) == ([4] * 5, [4] * 2)
    assert (config["dash_syns"], config["dash_syns_out"]) == ([[3]] * 5, [[3]] * 2)
    assert [len(config[f"synapses_{n}"]) for n in ("in", "rec", "out")] == [6, 5, 5]
    assert (config["has_bias"], config["bias"], config["aliases"]) == (False, [0] * 5, [[]] * 5)
    # Spikes of h take no step to y in the network, and one on the chip.
    assert [one["lag"] for one in net["populations"]] == [0, 1]
    assert "Chips that have as many: xylo_audio2, xylo_imu, xylo_audio3." in str(files["README.md"])


def test_a_network_that_no_chip_holds() -> None:
    model = in_xylo(NET.replace("x[6]", "x[17]"), target=None)
    refusal = refused("E085", xylo_files, model, "digest", None)
    assert "more than each of xylo_audio2, xylo_imu, xylo_audio3 has" in refusal.message


def test_an_input_of_more_spikes_than_xylo_takes() -> None:
    def net(most: int) -> str:
        return NET.replace("40 ms)", f"40 ms, most = {most})", 1)

    (one,) = json.loads(xylo_files(in_xylo(net(15)), "digest", None)["net.json"])["inputs"]
    assert one == {"name": "x", "neurons": 6, "first": 0, "late": 0, "most": 15}
    refusal = refused("E071", xylo_files, in_xylo(net(16)), "digest", None)
    assert "`x` has up to 16 spikes of a neuron in a step" in refusal.message
    assert "most = 15" in (refusal.help or "")


def test_what_does_not_compute_as_xylo_does() -> None:
    model = in_xylo(NET)
    assert model.graph.semantics == MEANS
    require_xylo(model.graph)
    refusal = refused("E071", require_xylo, in_xylo(NET, target=None, spikes=5).graph)
    assert "--target xylo_audio3" in (refusal.help or "")
