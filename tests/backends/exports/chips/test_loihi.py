"""The folder of Loihi: run by what its README says, in NumPy, it does what the reference does."""

from __future__ import annotations

import json
import runpy
import sys
from io import BytesIO
from pathlib import Path

import loihi_numpy
import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_integers
from loihi_nets import CELLS, drawn_loihi, drawn_spikes, is_logged, traced
from refusal import refusals, refused

from snncc.backends.exports.chips.flavours import FLAVOURS
from snncc.backends.exports.chips.loihi import bias_of, loihi_files
from snncc.ir.deploy.choices import chosen
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.deploying import quantized_as


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, given: str = "inputs.npz") -> Path:
    """The script of a folder, on NumPy."""
    monkeypatch.setitem(sys.modules, "emulator", loihi_numpy)
    script = runpy.run_path(str(folder / "run.py"), run_name="run")
    script["main"](folder / given, folder / "log.npz")
    return folder / "log.npz"


def written(model: Model, seed: int, flavour: str, folder: Path) -> Path:
    for name, content in loihi_files(model, "digest", traced(model, seed), flavour).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("seed", [5, 6, 7])
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_drawn_networks_by_the_readme(flavour, seed, tmp_path, monkeypatch) -> None:
    model = drawn_loihi(seed, flavour)
    log = run(written(model, seed, flavour, tmp_path), monkeypatch)
    assert is_logged(model, traced(model, seed), log) > 0


def test_spikes_of_an_array(tmp_path, monkeypatch) -> None:
    model = drawn_loihi(2, "lava")
    written(model, 2, "lava", tmp_path)
    np.save(tmp_path / "x.npy", drawn_spikes(2).values)
    log = run(tmp_path, monkeypatch, "x.npy")
    is_logged(model, traced(model, 2), log)
    np.save(tmp_path / "x.npy", np.zeros((2, 3), np.uint8))
    with pytest.raises(SystemExit, match="spikes are"):
        run(tmp_path, monkeypatch, "x.npy")


NET = """
network n {{
  dt = 1 ms
  input x[6] encode spikes(duration = 40 ms)
  population h[5] : {cell}
  output y[2] : lif(tau_mem = 20 ms, v_th = 1 mV, refractory = {pause} ms)
  x -> h : dense(init = uniform(-1, 2)) delay {late} ms
  h -> h : dense(init = uniform(-1, 0.5)) delay {back} ms
  h -> y : dense(init = uniform(-1, 2))
}}
"""
LIF = "lif(tau_mem = 20 ms, v_th = 2 mV, refractory = 0 ms)"


def net(cell: str = LIF, pause: int = 0, late: int = 0, back: int = 1, **options: object) -> Model:
    text = CELLS + NET.format(cell=cell, pause=pause, late=late, back=back)
    model = run_model_passes(draw_model(compiled_text(text).graph, 1))
    return quantized_as(model, chosen(None, {"target": "loihi", **options})).integers


def document(model: Model, flavour: str) -> dict:
    files = loihi_files(model, "digest", None, flavour)
    assert "inputs.npz" not in files
    return json.loads(files["net.json"])


def test_numbers_of_a_folder() -> None:
    model = net(late=3)
    by = {flavour: document(model, flavour) for flavour in FLAVOURS}
    du = {flavour: made["populations"][0]["du"] for flavour, made in by.items()}
    # tau_syn of 8 ms takes 512 of 4096 away.
    assert du == {"lava": 511, "brian2": 512, "nengo": 511}
    assert [one["dv"] for one in by["lava"]["populations"]] == [205, 205]
    names = {one["name"]: one for one in by["lava"]["projections"]}
    assert (names["x->h"]["shift"], by["brian2"]["projections"][0]["shift"]) == (2, 3)
    assert [names[n]["delay"] for n in ("h->h", "h->y")] == [0, 0]
    assert [one["lag"] for one in by["lava"]["populations"]] == [0, 1]
    assert by["lava"]["steps"] == 40


def test_weights_are_even_and_say_their_signs() -> None:
    files = loihi_files(net(), "digest", None, "lava")
    found = np.load(BytesIO(files["weights.npz"]))
    assert {name: found[name].shape for name in found} == {
        "x->h": (6, 5), "h->h": (5, 5), "h->y": (5, 2),
    }  # fmt: skip
    assert all((found[name] % 2 == 0).all() for name in found)
    signs = {p["name"]: p["sign_mode"] for p in document(net(), "lava")["projections"]}
    assert set(signs.values()) == {1}


AWAKE = {"cell": "biased"}
LATER = {**AWAKE, "extra_delay": 1}


@pytest.mark.parametrize(
    ("changed", "flavour", "said", "other", "easier", "easily"),
    [
        ({"pause": 2}, "lava", "refractory for 2 steps", "brian2 or nengo", {"pause": 2}, "nengo"),
        (LATER, "brian2", "`h` has a bias", "lava or nengo", LATER, "lava"),
        ({"scale": "neuron"}, "lava", "other thresholds", "--scale population", {}, "lava"),
        ({"scale": "neuron"}, "brian2", "or nengo", "nengo", {"scale": "neuron"}, "nengo"),
        ({"back": 2}, "nengo", "`h->h` takes 2 steps", "lava or brian2", {"back": 2}, "brian2"),
        (AWAKE, "lava", "move by themselves", "--extra-delay 1", LATER, "lava"),
    ],
)
def test_what_a_flavour_cannot_say(changed, flavour, said, other, easier, easily) -> None:
    found = refusals(loihi_files, net(**changed), "digest", None, flavour)
    assert {d.code for d in found} == {"E071"}
    assert all(d.span is not None for d in found)
    assert any(said in d.message + d.help and other in d.help for d in found), found
    assert loihi_files(net(**easier), "digest", None, easily)


def test_other_integers_are_refused() -> None:
    diagnostic = refused("E071", loihi_files, drawn_integers(7), "digest", None, "lava")
    assert "--target loihi" in diagnostic.help


def test_a_bias_is_thirteen_bits_by_a_power_of_two() -> None:
    bias = np.array([0, 1, -4095, 4095, 4096, -8190, 524160])
    mantissas, exponents = bias_of(bias)
    assert (mantissas << exponents == bias).all()
    assert exponents.tolist() == [0, 0, 0, 0, 1, 1, 7]
    assert abs(mantissas).max() <= 4095
