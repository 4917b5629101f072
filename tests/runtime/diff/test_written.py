"""ONNX models and folders of C beside the networks that they were written of."""

from __future__ import annotations

import re
import shutil
import sys

import numpy as np
import pytest
from planted import NET, compared, in_integers, package, presentation, trained
from refusal import refused

from snncc.backends.artifact.model import graph_digest
from snncc.backends.exports.table import EXPORTS, Details
from snncc.runtime.diff import synapses
from snncc.runtime.diff.explained import evidence_text

LONG = NET.replace("duration = 20 ms", "duration = 60 ms")
FILES = {"c": "", "onnx": "model.onnx", "onnx-step": "step.onnx"}
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt install gcc")
EVERY = [pytest.param("c", marks=needs_gcc), "onnx", "onnx-step"]


@pytest.fixture(autouse=True)
def few_bits(monkeypatch):
    monkeypatch.setattr(synapses, "BITS", range(7, 9))


def integers(old="", new=""):
    assert old in LONG
    return in_integers(trained(LONG.replace(old, new)))


def written(folder, form, model, every=True):
    """What to name it by."""
    if form != "c":
        pytest.importorskip("onnxruntime", reason="pip install onnxruntime")
    details = Details(all_outputs=every and form != "c")
    made = EXPORTS[form].write(model, graph_digest(model.graph), None, details)
    (folder / form).mkdir(parents=True)
    for name, content in made.files.items():
        (folder / form / name).write_bytes(content)
    return folder / form / FILES[form]


@pytest.mark.parametrize("form", EVERY)
def test_equal(form, tmp_path):
    model = integers()
    a, b = package(tmp_path / "a", model), written(tmp_path, form, model)
    made, reason = compared(tmp_path, a, b, presentation(4), 0.0)
    assert (made.is_equal, reason) == (True, None)
    assert dict(made.found.bins) == {"x": 4 * 60 * 16, "h": 4 * 60 * 12, "y": 4 * 60 * 4}
    assert dict(made.found.values) == {"x": 0, "h": 3 * 4 * 60 * 12, "y": 3 * 4 * 60 * 4}
    assert made.agreed.warnings == ()
    made, _ = compared(tmp_path, b, a, presentation(1))
    assert made.is_equal
    assert made.found.spikes["h"].sum() > 0


NUMBERS = """
network n {
  dt = 1 ms
  input x[10] encode current(duration = 60 ms)
  input z[6] encode poisson(duration = 60 ms)
  population m[5] : li(tau_mem = 8 ms)
  output y[4] : lif
  x -> m : dense
  z -> m : dense
  m -> y : dense(init = uniform(0, 9)) delay 2 ms
  x -> y : dense(init = uniform(0, 1)) delay 1 ms
}
"""


@pytest.mark.parametrize("form", EVERY)
def test_inputs_and_populations_that_send_numbers(form, tmp_path):
    model = in_integers(trained(NUMBERS))
    side = package(tmp_path / "a", model), written(tmp_path, form, model)
    made, _ = compared(tmp_path, *side, presentation(4), 0.0)
    assert made.is_equal
    assert made.found.spikes["y"].sum() > 0
    sizes = {"x": 10, "z": 6, "m": 5, "y": 4}
    assert dict(made.found.bins) == {name: 4 * 60 * size for name, size in sizes.items()}
    assert made.found.values["m"] > 0
    other = in_integers(trained(NUMBERS.replace("delay 1 ms", "delay 2 ms")))
    sides = package(tmp_path / "b", other), side[1]
    made, reason = compared(tmp_path, *sides, presentation(4), 0.0)
    assert (made.is_equal, reason.cause.cause) == (False, "delay")


@needs_gcc
def test_several_spikes_a_step_are_counted(tmp_path):
    """C says how often a neuron fired."""
    text = NET.replace("{ v = 0 mV }", "{ v = v - v_th / 3 }").replace(
        "refractory 2 ms { v = v }", ""
    )
    model = in_integers(trained(text), spikes=5)
    a, b = package(tmp_path / "a", model), written(tmp_path, "c", model)
    made, _ = compared(tmp_path, a, b, presentation(1), 0.0)
    assert made.is_equal
    assert made.found.spikes["h"].max() > 20


def edited(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def a_wrong_shift(folder):
    """Codes below 0 are shifted towards it."""
    net = written(folder, "c", integers())
    edited(
        net / "net.c", "return x < 0 ? ~(~x >> places) : x", "return x < 0 ? -(-x >> places) : x"
    )
    return net


def a_wrong_sign(folder):
    """Of the first weight of a table."""
    net = written(folder, "c", integers())
    found = re.search(r"weights_h_to_h\[\d+\] = \{\s*(-?\d+),", (net / "net.c").read_text())
    swapped = found[0].replace(f"{found[1]},", f"{-int(found[1])},")
    edited(net / "net.c", found[0], swapped)
    return net


def a_longer_delay(form):
    return lambda folder: written(folder, form, integers("delay 2 ms", "delay 3 ms"))


def transposed(form):
    def make(folder):
        import onnx

        path, weights = written(folder, form, integers()), integers().weights("h->h")
        model = onnx.load(path)
        for k, each in enumerate(model.graph.initializer):
            if np.array_equal(onnx.numpy_helper.to_array(each), weights):
                turned = onnx.numpy_helper.from_array(weights.T.copy(), each.name)
                model.graph.initializer[k].CopyFrom(turned)
        onnx.save(model, path)
        return path

    return make


FAULTS = {
    "a wrong shift in net.c": (
        a_wrong_shift,
        "decay rounding",
        "with codes rounded by `toward_zero` in place of `floor` all 12 neurons",
    ),
    "a wrong sign in net.c": (
        a_wrong_sign,
        "weights",
        "with its sign swapped on the synapse from neuron 0 of `h` to neuron 0 all 12 neurons",
    ),
    "a longer delay in C": (
        a_longer_delay("c"),
        "delay",
        "with a delay of 3 in place of 2 steps on `h->h` all 12 neurons",
    ),
    "a longer delay in ONNX": (
        a_longer_delay("onnx"),
        "delay",
        "with a delay of 3 in place of 2 steps on `h->h` all 12 neurons",
    ),
    "a longer delay in a step": (
        a_longer_delay("onnx-step"),
        "delay",
        "with a delay of 3 in place of 2 steps on `h->h` all 12 neurons",
    ),
    "transposed weights in ONNX": (
        transposed("onnx"),
        "wiring",
        "with the weights of `h->h` transposed all 12 neurons",
    ),
    "transposed weights in a step": (
        transposed("onnx-step"),
        "wiring",
        "with the weights of `h->h` transposed all 12 neurons",
    ),
}
FEW = ("a wrong shift in net.c", "a longer delay in a step", "transposed weights in ONNX")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FEW else pytest.mark.nightly) for n in FAULTS]
)
@pytest.mark.parametrize("tolerance", [None, pytest.param(0.0, marks=pytest.mark.nightly)])
def test_the_cause_of_a_fault(name, tolerance, tmp_path):
    make, cause, said = FAULTS[name]
    if name.endswith(("C", "net.c")) and shutil.which("gcc") is None:
        pytest.skip("no gcc: apt install gcc")
    good = integers()
    b = make(tmp_path)
    made, reason = compared(tmp_path, package(tmp_path / "a", good), b, presentation(6), tolerance)
    place = made.found.first
    assert place.population == "h"
    evidence = evidence_text(place, reason, tolerance is not None)
    assert (reason.cause.cause, said in evidence) == (cause, True), evidence


def test_what_is_not_shown_is_left_out(tmp_path):
    model = integers()
    a, b = package(tmp_path / "a", model), written(tmp_path, "onnx-step", model, every=False)
    made, _ = compared(tmp_path, a, b, presentation(1), 0.0)
    assert made.is_equal
    assert set(made.found.bins) == {"x", "y"}
    (warning,) = made.agreed.warnings
    assert "not compared: `h`" in warning.message
    assert warning.help == "export it with --all-outputs"


def test_of_another_network(tmp_path):
    b = written(tmp_path, "onnx", integers("network n", "network m"))
    made, _ = compared(tmp_path, package(tmp_path / "a", integers()), b, presentation(1))
    assert [w.message for w in made.agreed.warnings] == [
        f"`{b}` was exported of another network than that of `{tmp_path / 'a'}`"
    ]


def test_other_options_of_gcc(tmp_path):
    model = integers()
    a, b = package(tmp_path / "a", model), written(tmp_path, "c", model)
    made, _ = compared(tmp_path, a, f"{b}@-O3", presentation(1), 0.0)
    assert made.is_equal
    (b / "test_net").write_bytes(b"")
    made, _ = compared(tmp_path, a, b / "test_net", presentation(1), 0.0)
    assert made.is_equal
    refused("E073", compared, tmp_path, a, f"{b}@-Onone", presentation(1))


def counts_alone(folder):
    return written(folder, "onnx", integers(), every=False), "E065", "--all-outputs"


def no_model(folder):
    pytest.importorskip("onnxruntime")
    (folder / "m.onnx").write_text("none")
    return folder / "m.onnx", "E060", "export the network again"


def nothing(folder):
    pytest.importorskip("onnxruntime")
    return folder / "m.onnx", "E063", "check the spelling of the path"


def a_foreign_header(folder):
    net = written(folder, "c", integers())
    (net / "net.h").write_text("#define NET_INPUTS 3 /* x */\n")
    return net, "E060", "export the network again"


def a_text_that_is_no_c(folder):
    net = written(folder, "c", integers())
    (net / "net.c").write_text("int main(")
    return net, "E073", None


def a_program_that_fails(folder):
    net = written(folder, "c", integers())
    head = "const uint8_t *spikes_in, uint8_t *spikes_out) {"
    edited(net / "net.c", head, f"{head} s = 0;")
    return net, "E073", "its `net_step` failed on the way"


def numbers_beside_spikes(folder):
    net = written(folder, "c", integers())
    edited(net / "net.h", "uint8_t *spikes_out);", "uint8_t *spikes_out, const int16_t *numbers);")
    return net, "E065", "compare the network by a spike log"


def no_gcc(folder):
    net = written(folder, "c", integers())
    return net, "E070", "apt install gcc"


def no_onnxruntime(folder):
    return written(folder, "onnx", integers()), "E070", "pip install 'snncc[onnx]'"


BAD = [
    counts_alone, no_model, nothing, a_foreign_header, a_text_that_is_no_c, a_program_that_fails,
    numbers_beside_spikes, no_gcc, no_onnxruntime,
]  # fmt: skip


@needs_gcc
@pytest.mark.parametrize("make", BAD)
def test_what_cannot_be_compared(make, tmp_path, monkeypatch):
    b, code, way_out = make(tmp_path)
    if make is no_gcc:
        monkeypatch.setenv("PATH", "")
    if make is no_onnxruntime:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    a = package(tmp_path / "a", integers())
    found = refused(code, compared, tmp_path, a, b, presentation(1))
    assert (way_out is None) or way_out in (found.help or "")


def test_other_inputs_than_the_network_has(tmp_path):
    smaller = LONG.replace("x[4, 4]", "x[3, 4]")
    b = written(tmp_path, "onnx", in_integers(trained(smaller)))
    a = package(tmp_path / "a", integers())
    found = refused("E065", compared, tmp_path, a, b, presentation(1))
    assert "takes the inputs `x[12]`, and `n` has `x[16]`" in found.message


def test_two_of_them_have_no_network(tmp_path):
    one = written(tmp_path, "onnx", integers())
    other = written(tmp_path, "onnx-step", integers())
    found = refused("E065", compared, tmp_path, one, other, presentation(1))
    assert "neither side has a network" in found.message
