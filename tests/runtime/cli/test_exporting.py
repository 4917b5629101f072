"""`snncc export`: the files, and wrong usage."""

import json
import platform
import shutil

import numpy as np
import pytest
from boards import need_board

from snncc.backends.exports.objects.triples import TRIPLES

HOST = "x86_64-unknown-linux-gnu"

NET = """
network n {
  dt = 1 ms
  input x[5, 3] encode poisson(duration = 30 ms, rate = 500 Hz)
  population h[6] : lif(v_th = 2 mV)
  output y[4] : lif(v_th = 2 mV)
  x -> h : dense(init = uniform(-1, 4)) delay 2 ms
  h -> h : sparse(p = 0.5) delay 1 ms
  h -> y : dense(init = uniform(-1, 6))
}
"""


@pytest.fixture
def quantized(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(NET)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((3, 15)).astype(np.float32))
    assert snncc("quantize", "net.snn", "--calibrate", 0, "--out", "q8.snnpkg")[0] == 0
    return "q8.snnpkg"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt install gcc")
def test_c_that_passes_its_own_test(answer, quantized, tmp_path):
    asked = ("--target", "c", "--out", "made", "--inputs", "x.npy", "--vectors", 3, "--build")
    (document,) = answer("export", quantized, *asked)
    assert document["test"] == "3 samples of 30 steps: every spike and every state is equal"
    assert document["files"] == ["net.c", "net.h", "test_net.c", "vectors.h"]
    assert document["flash_bytes"] > 15 * 6 + 6 * 4
    # Two states and a counter of 10 neurons, sums, the places of the rings of x and h; spikes, the
    # rings, and 3 bytes up to a whole word.
    assert document["ram_bytes"] == 4 * (3 * 10 + 6 + 2) + 25 + 2 * 15 + 6 + 3
    assert {p.name for p in (tmp_path / "made").iterdir()} == {*document["files"], "test_net"}


def test_onnx(answer, quantized, tmp_path):
    onnx = pytest.importorskip("onnx", reason="pip install onnx")
    asked = ("--target", "onnx-step", "--out", "made", "--inputs", "x.npy", "--vectors", 2)
    (document,) = answer("export", quantized, *asked)
    assert document["files"] == ["step.onnx", "vectors.npz"]
    assert document["bytes"] == (tmp_path / "made/step.onnx").stat().st_size
    onnx.checker.check_model(tmp_path / "made/step.onnx", full_check=True)
    assert np.load(tmp_path / "made/vectors.npz")["y.spikes"].shape == (30, 2, 4)


def test_every_output_is_compared(answer, snncc, quantized, tmp_path):
    pytest.importorskip("onnxruntime", reason="pip install onnxruntime")
    asked = ("--target", "onnx", "--out", "made", "--vectors", 0, "--all-outputs")
    assert snncc("export", quantized, *asked)[0] == 0
    sides = (f"{quantized}@reference", tmp_path / "made/model.onnx", "--states")
    (document,) = answer("diff", *sides, "--inputs", "x.npy")
    assert (document["equal"], document["samples"], document["warnings"]) == (True, 3, [])
    assert document["bins"] == 3 * 30 * 25
    assert document["values"] == 3 * 30 * 10 * 3


def test_vectors(answer, quantized, tmp_path):
    asked = ("--target", "vectors", "--out", "made", "--inputs", "x.npy", "--vectors", 2)
    (document,) = answer("export", quantized, *asked, "--neuron", "y:3")
    folders = {name.partition("/")[0] for name in document["files"] if "/" in name}
    assert folders == {"1_neuron", "2_synapse", "3_layer", "4_net"}
    manifest = json.loads((tmp_path / "made/manifest.json").read_text())
    assert (manifest["samples"], manifest["steps"], manifest["dt_ms"]) == (2, 30, 1.0)
    assert manifest["neuron"] == {"population": "y", "neuron": 3, "chosen": "as asked for"}


def test_a_log_of_the_circuit_is_compared(snncc, quantized, tmp_path):
    """spikes.csv is what the bench writes of a circuit that does as it should."""
    asked = ("--target", "vectors", "--out", "made", "--inputs", "x.npy", "--vectors", 2)
    assert snncc("export", quantized, *asked)[0] == 0
    sides = (f"{quantized}@reference", tmp_path / "made/4_net/spikes.csv")
    assert snncc("diff", *sides, "--inputs", "x.npy", "--limit", 2)[0] == 0


def test_without_a_test(answer, quantized, tmp_path):
    (document,) = answer("export", quantized, "--target", "c", "--out", "made", "--vectors", 0)
    assert document["files"] == ["net.c", "net.h"]
    assert document["test"] == ""


@pytest.mark.slow
@pytest.mark.parametrize("triple", TRIPLES)
def test_an_object_that_passes_its_own_test(answer, quantized, tmp_path, triple):
    need_board(triple, emulated=True)
    asked = ("--inputs", "x.npy", "--vectors", 2, "--triple", triple, "--build")
    (document,) = answer("export", quantized, "--target", "object", "--out", "made", *asked)
    assert document["test"] == "every spike and every state is equal"
    assert {"net.h", "net.o", "test_net.c", "test_net.o", "vectors.h"} <= {*document["files"]}
    assert (document["triple"], document["wanted_symbols"]) == (triple, [])
    assert document["ram_bytes"] == 216  # as of C
    assert 15 * 6 + 6 * 4 < document["flash_bytes"] < 4096
    assert 0 < document["stack_bytes"] < 256
    assert 300 < document["instructions_a_step"] <= document["instructions_at_most"] < 20000
    assert document["steps_counted"] == 60


def test_an_object_is_for_this_machine(answer, snncc, quantized, tmp_path, monkeypatch):
    asked = ("--target", "object", "--vectors", 0, "--out", "made")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    (document,) = answer("export", quantized, *asked)
    assert (document["triple"], document["files"]) == (HOST, ["net.h", "net.o"])
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    status, _, err = snncc("export", quantized, *asked[:-1], "other")
    assert status == 1
    assert "error[E071]: this machine is none of those that objects are made for" in err
    assert "--triple: x86_64-unknown-linux-gnu, thumbv6m" in " ".join(err.split())
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("triple", "tool"), [("thumbv6m-none-eabi", "qemu-system-arm"), (HOST, "ld.lld")]
)
def test_no_board(snncc, quantized, tmp_path, monkeypatch, triple, tool):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    asked = ("--target", "object", "--triple", triple, "--inputs", "x.npy", "--out", "made")
    status, _, err = snncc("export", quantized, *asked, "--build")
    assert status == 1
    assert f"error[E070]: {tool} is not installed" in err
    assert (tmp_path / "made" / "net.o").exists()


def test_no_compiler(snncc, quantized, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    asked = ("--target", "c", "--out", "made", "--inputs", "x.npy")
    status, _, err = snncc("export", quantized, *asked, "--build")
    assert status == 1
    assert "error[E070]: gcc is not installed" in err
    assert (tmp_path / "made" / "net.c").exists()


def test_a_network_of_floats(snncc, quantized, tmp_path):
    asked = ("--target", "c", "--out", "made", "--inputs", "x.npy")
    status, out, err = snncc("export", "net.snn", *asked)
    assert (status, out) == (1, "")
    assert "error[E071]: `n` computes with floats" in err
    assert "snncc quantize" in err
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--target", "d"), "there is no `d`: choose from c"),
        (("--target", "c", "--vectors", 0, "--build"), "it runs the test of --vectors"),
        (("--target", "c", "--triple", HOST), "it says nothing of `c`"),
        (("--target", "object", "--triple", "thumbv7m-none-eabi"), "did you mean `thumbv7em"),
        (("--target", "onnx", "--build"), "no program is made of `onnx`"),
        (("--target", "vectors", "--vectors", 0), "`vectors` are made of samples"),
        (("--target", "c", "--neuron", "h:1"), "it says nothing of `c`"),
        (("--target", "c", "--all-outputs"), "it says nothing of `c`"),
        (("--target", "vectors", "--neuron", "h"), "`h` is not POPULATION:N"),
        (("--target", "vectors", "--neuron", "hh:1"), "no population `hh`; known are h, y"),
        (("--target", "vectors", "--neuron", "h:6"), "the last neuron of `h` is 5"),
    ],
)
def test_wrong_usage(snncc, quantized, tmp_path, options, says):
    status, out, err = snncc("export", quantized, "--out", "made", *options)
    assert (status, out) == (2, "")
    assert says in " ".join(err.replace("│", " ").split())
    assert not (tmp_path / "made").exists()


def test_nothing_of_an_earlier_export_stays(answer, quantized, tmp_path):
    asked = ("--target", "c", "--out", "made", "--inputs", "x.npy", "--vectors", 2)
    (document,) = answer("export", quantized, *asked)
    assert document["samples"] == 2
    (tmp_path / "made/mine.txt").write_text("mine")
    answer("export", quantized, "--target", "c", "--out", "made", "--vectors", 0)
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == ["mine.txt", "net.c", "net.h"]
    vectors = ("--target", "vectors", "--out", "hw", "--inputs", "x.npy", "--vectors", 2)
    answer("export", quantized, *vectors)
    (tmp_path / "hw/1_neuron/weights_99.hex").write_text("0")
    answer("export", quantized, *vectors)
    assert not (tmp_path / "hw/1_neuron/weights_99.hex").exists()


OF_RANC = """
neuron core {
  state v: mV = 0 mV
  on input { v = v + i }
  spike when v >= 3 mV
  on spike { v = 0 mV }
}
network n {
  dt = 1 ms
  input x[5] encode spikes(duration = 4 ms)
  output y[4] : core
  x -> y : dense(init = uniform(-1, 3)) delay 1 ms
}
"""


def test_samples_of_an_earlier_image_go_and_nothing_else(snncc, tmp_path):
    (tmp_path / "net.snn").write_text(OF_RANC)
    np.save(tmp_path / "x.npy", np.ones((3, 4, 5), np.uint8))
    asked = ("--target", "ranc", "--bits", 3, "--calibrate", 0, "--out", "q.snnpkg")
    assert snncc("quantize", "net.snn", *asked)[0] == 0
    mine = {tmp_path / f"made/{name}" for name in ("sample_notes/a.txt", "own.mem", "sample_0/b")}
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    for samples in (3, 1):
        given = ("--inputs", "x.npy", "--vectors", samples)
        assert snncc("export", "q.snnpkg", "--target", "ranc", "--out", "made", *given)[0] == 0
        folders = {p.name for p in (tmp_path / "made").iterdir() if p.is_dir()}
        assert folders == {"sample_notes", *(f"sample_{k}" for k in range(samples))}
    assert {path for path in mine if path.exists()} == mine


def test_what_has_no_such_form_is_refused_before_samples_are_sought(snncc, tiny):
    status, _, said = snncc("export", tiny, "--target", "c", "--out", "made", "--inputs", "nowhere")
    assert (status, "E071" in said) == (1, True), said


FLOATS = """
network n {
  delay = 0 ms
  input x[5] encode poisson(duration = 30 ms)
  population h[6] : stbp
  output y[4] : MODEL
  x -> h : dense
  h -> y : dense
}
"""


def test_a_nir_file_needs_no_option_to_come_back(snncc, answer, tmp_path):
    h5py = pytest.importorskip("h5py", reason="pip install h5py")
    (tmp_path / "net.snn").write_text(FLOATS.replace("MODEL", "stbp"))
    (document,) = answer("export", "net.snn", "--target", "nir", "--out", "made.nir")
    assert document["file"] == "made.nir"
    assert document["bytes"] == (tmp_path / "made.nir").stat().st_size
    assert document["lost"] == []
    with h5py.File(tmp_path / "made.nir") as file:
        assert len(file["node/nodes"]) == document["nodes"] == 6
        assert file["version"][()] == b"1.0"
    assert snncc("import", "made.nir", "-o", "back.snn")[0] == 0
    assert snncc("check", "back.snn")[0] == 0


def test_what_a_nir_file_lacks_is_listed(snncc, answer, tmp_path):
    pytest.importorskip("h5py", reason="pip install h5py")
    (tmp_path / "net.snn").write_text(FLOATS.replace("MODEL", "lif"))
    asked = ("export", "net.snn", "--target", "nir", "--out", "made.nir")
    status, _, errors = snncc(*asked)
    assert status == 1
    assert "refractory" in errors
    assert not (tmp_path / "made.nir").exists()
    (document,) = answer(*asked, "--lossy")
    assert document["lost"] == ["`y` is refractory for 2 steps, and NIR has no refractory time"]
    _, printed, _ = snncc(*asked, "--lossy")
    assert "left out: `y` is refractory" in printed


@pytest.mark.parametrize("words", [("--out", "made"), ("--out", "m.nir", "--triple", HOST)])
def test_wrong_usage_of_nir(snncc, tmp_path, words):
    (tmp_path / "net.snn").write_text(FLOATS.replace("MODEL", "stbp"))
    assert snncc("export", "net.snn", "--target", "nir", *words)[0] == 2
    asked = ("--target", "c", "--out", "made", "--lossy")
    assert snncc("export", "net.snn", *asked)[0] == 2
