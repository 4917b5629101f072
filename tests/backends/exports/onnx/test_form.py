"""What the ONNX models of a network look like from outside."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="pip install onnx")
pytest.importorskip("onnxruntime", reason="pip install onnxruntime")

import onnx
from compiled_texts import compiled_text
from integer_cases import drawn_integers, drawn_samples
from onnx import ModelProto
from onnx_runs import run_scan, run_steps
from refusal import refusals, refused

from snncc.backends.artifact.model import Package, save_model
from snncc.backends.exports.onnx import sums
from snncc.backends.exports.onnx.form import OLD, Pair
from snncc.backends.exports.onnx.scan import scan_model
from snncc.backends.exports.onnx.step import step_model
from snncc.backends.exports.table import EXPORTS
from snncc.backends.reference.network import simulate
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input a[3] encode spikes(duration = 30 ms)
  input b[2] encode spikes(duration = 30 ms)
  population h[4] : lif(v_th = 2 mV, refractory = 1 ms)
  output y[2] : lif(v_th = 2 mV)
  a -> h : dense(init = uniform(0, 4))
  b -> h : dense(init = uniform(0, 4)) delay 2 ms
  h -> h : dense(init = uniform(-1, 1)) delay 1 ms
  h -> y : dense(init = uniform(0, 4)) delay 3 ms
  b -> y : dense(init = uniform(0, 4)) delay 40 ms
}
"""
READOUT = """
network n {
  dt = 1 ms
  input x[3] encode spikes(duration = 20 ms)
  output y[2] : li
  x -> y : dense(init = uniform(-1, 4))
}
"""
WINDOWS = """
network n {
  dt = 1 ms
  input x[2, 6, 6] encode spikes(duration = 20 ms)
  population c[3, 4, 4] : lif(v_th = 1 mV)
  output y[3, 2, 2] : lif(v_th = 1 mV)
  x -> c : conv2d(channels = 3, kernel = 3, init = uniform(-1, 4))
  c -> y : pool2d(2, init = uniform(1, 2))
}
"""


def integers(text: str, bits: int = 8) -> Model:
    model = run_model_passes(draw_model(compiled_text(text).graph, 3))
    return run_model_passes(model, (Quantize(Precision(bits=bits, guard=4)),))


def ends(model: ModelProto) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    def shapes(values):
        return {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
                for v in values}  # fmt: skip

    return shapes(model.graph.input), shapes(model.graph.output)


def compare(model: Model, pair: Pair = OLD, batch: int = 3, steps: int = 20) -> int:
    """Both forms against the reference; how many spikes there were."""
    rng = np.random.default_rng(1)
    inputs = [p for p in model.graph.populations if p.step is None]
    given = {p.name: (rng.random((steps, batch, p.neurons)) < 0.4) for p in inputs}
    wanted = simulate(model, given)
    spikes = np.concatenate(list(given.values()), axis=2).astype(np.uint8)
    whole = run_scan(scan_model(model, "d", every_spike=True, pair=pair), spikes)
    single = run_steps(step_model(model, "d", every_spike=True, pair=pair), spikes)
    for name, fired in wanted.spikes.items():
        assert (whole[f"{name}.spikes"] == fired).all(), name
        assert (single[f"{name}.spikes"] == fired).all(), name
    return int(sum(fired.sum() for name, fired in wanted.spikes.items() if name not in given))


def test_inputs_and_outputs_over_time():
    plain = ends(scan_model(integers(NET), "d"))
    assert plain == ({"spikes": ["T", "B", 5]}, {"counts": ["B", 2]})
    inputs, outputs = ends(
        scan_model(integers(NET), "d", steps=30, every_spike=True, every_state=True)
    )
    assert inputs == {"spikes": [30, "B", 5]}
    assert outputs["h.spikes"] == outputs["h.refractory_left"] == [30, "B", 4]
    assert set(outputs) == {
        "counts", "a.spikes", "b.spikes", "h.spikes", "y.spikes",
        "h.v", "h.c", "h.refractory_left", "y.v", "y.c", "y.refractory_left",
    }  # fmt: skip


def test_inputs_and_outputs_of_a_step():
    inputs, outputs = ends(step_model(integers(NET), "d"))
    kept = {name: shape for name, shape in inputs.items() if name != "spikes"}
    assert kept == {
        "h.v": ["B", 4], "h.c": ["B", 4], "h.refractory_left": ["B", 4],
        "y.v": ["B", 2], "y.c": ["B", 2], "y.refractory_left": ["B", 2],
        "b.spikes.past": [40, "B", 2], "h.spikes.past": [3, "B", 4],
    }  # fmt: skip
    assert outputs == {"y.spikes": ["B", 2]} | {f"{name}.next": s for name, s in kept.items()}


def test_metadata():
    model = integers(NET)
    said = {p.key: p.value for p in step_model(model, "the digest").metadata_props}
    assert (said["snncc.dt"], said["snncc.semantics"]) == ("1.0", "1")
    assert said["snncc.graph"] == "the digest"
    about = json.loads(said["snncc.states"])["h.v"]
    unit = model.values["h/v.unit"].array
    assert about == {"start": 0, "frac": 4, "unit": unit.tolist(), "of": "mV"}
    plain = {p.key: p.value for p in scan_model(model, "d").metadata_props}
    assert plain["snncc.states"] == "{}"


def test_several_inputs_loops_and_delays_beyond_the_input():
    assert compare(integers(NET)) > 50


@pytest.mark.parametrize("bits", [2, 9, 16])
def test_widths_of_weights(bits):
    assert compare(integers(NET, bits)) > 20


def test_windows():
    assert compare(integers(WINDOWS), batch=2) > 100


def test_the_operator_sets_that_are_newest():
    if onnx.helper.VERSION_TABLE[-1][1] < 14:
        pytest.skip("this onnx writes no version 14: pip install -U onnx")
    assert compare(integers(NET), Pair(14, 27)) > 50


def test_one_step_and_no_samples():
    assert compare(integers(NET), steps=1) >= 0
    made = scan_model(integers(NET), "d")
    assert run_scan(made, np.zeros((4, 0, 5), np.uint8))["counts"].shape == (0, 2)


def test_an_output_that_emits_numbers_is_scored_by_the_last():
    model = integers(READOUT)
    spikes = (np.random.default_rng(2).random((20, 3, 3)) < 0.4).astype(np.uint8)
    wanted = simulate(model, {"x": spikes.astype(bool)}).states["y"]["emitted.last"]
    made = scan_model(model, "d")
    assert (run_scan(made, spikes)["scores"] == wanted).all()
    assert wanted.any()
    assert list(ends(made)[1]) == ["scores"]
    said = json.loads({p.key: p.value for p in made.metadata_props}["snncc.states"])
    assert said["scores"]["frac"] == 4
    assert (run_steps(step_model(model, "d"), spikes)["y.emitted.last.next"][-1] == wanted).all()


@pytest.mark.parametrize("write", [scan_model, step_model])
def test_spikes_one_by_one_are_refused(write):
    model = integers(NET)
    means = replace(model.graph.semantics, sums="each")
    refused("E075", write, replace(model, graph=replace(model.graph, semantics=means)), "d")


def test_a_name_that_two_would_have_is_refused():
    text = """
neuron odd {
  state spikes: mV = 0 mV
  on input { spikes = spikes + i }
  spike when spikes >= 2 mV
  on spike { spikes = 0 mV }
}
""" + NET.replace(": lif(v_th = 2 mV)", ": odd")
    model = integers(text)
    found = refused("E071", scan_model, model, "d", every_spike=True, every_state=True)
    assert "`y.spikes`" in found.message
    assert compare(integers(NET)) > 0


def test_matrices_that_no_file_holds_are_refused(monkeypatch):
    monkeypatch.setattr(sums, "MOST_BYTES", 40)
    found = refusals(scan_model, integers(NET), "d")[0]
    assert (found.code, "`h->h` is a matrix of 16 bytes" in found.message) == ("E071", True)


@pytest.mark.parametrize(("form", "run"), [("onnx", run_scan), ("onnx-step", run_steps)])
def test_golden_vectors_are_what_the_model_does(form, run):
    model, samples = drawn_integers(7), drawn_samples(7)
    trace = ReferenceSimulator(model, np.float64).trace(samples, True)
    *names, vectors = EXPORTS[form].write(model, "d", trace).files.values()
    golden = np.load(io.BytesIO(vectors))
    output = next(p.name for p in model.graph.populations if p.role == "output")
    assert (golden["spikes"] == samples.values[samples.rows].transpose(1, 0, 2)).all()
    made = run(onnx.load_from_string(names[0]), golden["spikes"])
    if form == "onnx":
        assert (made["counts"] == golden[f"{output}.spikes"].sum(axis=0)).all()
    else:
        assert (made[f"{output}.spikes"] == golden[f"{output}.spikes"]).all()
        later = [name for name in made if name.endswith(".next") and "past" not in name]
        assert later
        assert all((made[name] == golden[name.removesuffix(".next")]).all() for name in later)


def test_the_manuals_lines_run(tmp_path, monkeypatch, capsys):
    page = Path(__file__).resolve().parents[4] / "docs/onnx.md"
    (lines,) = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    save_model(Path("q8.snnpkg"), Package(integers(NET), "reference"))
    exec(lines, {})  # noqa: S102 - the manual's own
    assert re.fullmatch(r"\[\[ *\d+ +\d+\]\]\n", capsys.readouterr().out)
