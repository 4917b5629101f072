"""The weights are those of the package, of C and of ONNX, number by number."""

from __future__ import annotations

import csv
import re
from io import StringIO

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import drawn_integers

from snncc.backends.artifact.model import Package, open_model, save_model
from snncc.backends.artifact.tensors import decode_tensors
from snncc.backends.exports.c.program import c_program
from snncc.backends.exports.objects.form import network_object
from snncc.backends.exports.vectors import weights as file
from snncc.backends.exports.vectors.dut import circuit
from snncc.backends.exports.vectors.weights import TABLE, TENSORS, weight_files, weights_said
from snncc.backends.exports.vectors.weights import WINDOWS as WINDOW_TABLE
from snncc.ir.integers.precision import Precision
from snncc.ir.model import draw_model, weights_name
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize
from snncc.ir.wiring import AllPairs, Windows

WINDOWS = """
network n {
  dt = 1 ms
  input x[1, 5, 5] encode spikes(duration = 9 ms)
  population h[2, 3, 3] : lif
  population p : lif
  output y[3] : lif
  x -> h : conv2d(kernel = 3, channels = 2, init = uniform(-1, 1))
  h -> p : pool2d(2)
  h -> y : sparse(p = 0.5, init = uniform(-1, 1))
}
"""


def with_windows(bits):
    model = run_model_passes(draw_model(compiled_text(WINDOWS).graph, 0))
    return run_model_passes(model, (Quantize(Precision(bits=bits, guard=4)),))


MODELS = [lambda: with_windows(8), lambda: with_windows(12), lambda: drawn_integers(301)]


def matrices(model):
    """The table as matrices [pre, post], by projection; each pair stands there once."""
    rows = csv.DictReader(StringIO(weight_files(model)[TABLE].decode()))
    wirings = {n: w for n, w in model.wirings.items() if not isinstance(w, Windows)}
    made = {n: np.zeros((w.pre_neurons, w.post_neurons), int) for n, w in wirings.items()}
    seen = set()
    for row in rows:
        place = row["projection"], int(row["pre"]), int(row["post"])
        assert place not in seen
        seen.add(place)
        made[place[0]][place[1:]] = int(row["weight"])
    assert len(seen) == sum(w.synapses for w in wirings.values())
    return made


@pytest.mark.parametrize("make", MODELS)
def test_they_are_those_of_the_package(make, tmp_path):
    save_model(tmp_path / "q", Package(make(), "reference"))
    model = open_model(tmp_path / "q").model
    arrays = decode_tensors(weight_files(model)[TENSORS])
    for projection in model.graph.projections:
        kept = arrays[f"weights/{projection.name}"]
        assert kept.dtype == model.values[weights_name(projection.name)].array.dtype
        assert (kept == model.values[weights_name(projection.name)].array).all()
    said = {row["projection"]: row for row in weights_said(model)}
    assert all(list(arrays[f"weights/{n}"].shape) == row["shape"] for n, row in said.items())


@pytest.mark.parametrize("make", MODELS)
def test_the_file_and_the_table_are_one(make):
    model, table = make(), matrices(make())
    arrays = decode_tensors(weight_files(model)[TENSORS])
    for name, matrix in table.items():
        kept = arrays[f"weights/{name}"]
        if f"pre/{name}" in arrays:
            ends = arrays[f"pre/{name}"], arrays[f"post/{name}"]
            assert (matrix[ends] == kept).all()
        else:
            assert (matrix == kept).all()


def test_windows_have_a_table_of_their_weights():
    model = with_windows(8)
    kept, axes = model.weights("x->h"), ("out", "in", "row", "column")
    rows = list(csv.DictReader(StringIO(weight_files(model)[WINDOW_TABLE].decode())))
    pool = rows.pop()
    assert (pool["projection"], pool["row"], int(pool["weight"])) == ("h->p", "", 127)
    found = {tuple(int(row[axis]) for axis in axes): int(row["weight"]) for row in rows}
    assert len(rows) == len(found) == kept.size
    assert all(kept[place] == weight for place, weight in found.items())


PLANES = """
network n {{
  dt = 1 ms
  input x[1, {0}, {0}] encode spikes(duration = 9 ms)
  population h : lif
  output y : lif
  x -> h : conv2d(kernel = 3, channels = 2, init = uniform(-1, 1))
  h -> y : pool2d(2)
}}
"""


def test_no_form_writes_the_synapses_of_windows_out():
    """With 24 times as many of them all is as large, but for digits of sizes in texts."""
    pytest.importorskip("onnx", reason="pip install onnx")
    from snncc.backends.exports.onnx.form import OLD
    from snncc.backends.exports.onnx.scan import scan_model

    def sizes(extent):
        model = run_model_passes(draw_model(compiled_text(PLANES.format(extent)).graph, 0))
        model = run_model_passes(model, (Quantize(Precision(guard=4)),))
        made = circuit(model)
        files = [made.text, "".join(made.memories.values()), c_program(model, "").source]
        files += ["".join(map(str, weight_files(model).values()))]
        files += [network_object(model, "", None, "thumbv6m-none-eabi").files["net.o"]]
        files += [scan_model(model, "", pair=OLD).SerializeToString()]
        return model.wirings["x->h"].synapses, [len(each) for each in files]

    few, small = sizes(6)
    many, large = sizes(22)
    assert many > 24 * few
    assert all(more - less < 400 for less, more in zip(small, large, strict=True)), (small, large)


@pytest.mark.parametrize("make", MODELS)
def test_they_are_those_of_c(make):
    """Read from the text of net.c, which keeps 8 or 16 bits a weight."""
    model = make()
    source = c_program(model, "digest").source
    for name, wiring in model.wirings.items():
        codes = model.weights(name)
        own = re.sub(r"[^A-Za-z0-9]+", "_", name.replace("->", " to "))
        found = re.search(rf"weights_{own}\[\d+\] = {{([^}}]*)}}", source)
        if wiring.synapses:
            assert found is not None, name
            numbers = np.array([int(n) for n in found[1].replace(",", " ").split()])
            in_order = codes.ravel() if len(numbers) == codes.size else None
            assert in_order is not None
            assert (numbers == in_order).all(), name
        if isinstance(wiring, AllPairs):
            assert (matrices(model)[name] == codes).all()


@pytest.mark.parametrize("make", MODELS)
def test_they_are_those_of_onnx(make):
    pytest.importorskip("onnx", reason="pip install onnx")
    from onnx import numpy_helper

    from snncc.backends.exports.onnx.scan import scan_model

    model = make()
    made = scan_model(model, "digest")
    held = [numpy_helper.to_array(each) for each in made.graph.initializer]
    kernels = {n: model.weights(n) for n in ("x->h",) if n in model.wirings}
    for name, kernel in kernels.items():
        assert any(a.shape == kernel.shape and (a == kernel).all() for a in held), name
    for name, matrix in matrices(model).items():
        if not matrix.any():
            continue
        if model.weights(name).dtype == np.int8:
            assert any(a.shape == matrix.shape and (a == matrix).all() for a in held), name
        else:
            assert any(a.shape == matrix.shape and (a == matrix >> 8).all() for a in held), name
            assert any(a.shape == matrix.shape and (a == matrix & 255).all() for a in held), name


def test_no_table_of_very_many_synapses(monkeypatch):
    monkeypatch.setattr(file, "MOST_ROWS", 3)
    assert list(weight_files(drawn_integers(301))) == [TENSORS]
