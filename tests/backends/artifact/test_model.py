from dataclasses import replace

import numpy as np
import pytest

from snncc.backends.artifact.manifest import NAME
from snncc.backends.artifact.model import GRAPH, TENSORS, WEIGHTS, Model, open_model, save_model
from snncc.backends.artifact.package import read_package, write_package
from snncc.backends.artifact.tensors import encode_tensors
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import parse_graph
from snncc.runtime.datasets.delimited import COLUMNS_RECORDED

NET = """\
snnir 2
network small dt 0.5 threshold step spikes 1
model cell {
  parameter v_th "mV" 1.0
  state v "mV" = 0.0
  ports (i)
  input v = v + i
  spike v > v_th
  reset v = 0.0
}
population x input (3) encode bernoulli(duration=5.0)
population y output (2) model cell (v_th=2.5) method euler
projection "x->y" x -> y port i delay 1 trainable dense() init given(tensor="w")
"""
WEIGHTS_OF_NET = {"x->y": np.arange(6, dtype=np.float32).reshape(3, 2) / 7}


@pytest.fixture
def model():
    graph = run_pipeline(parse_graph(NET, {"w": np.ones((3, 2), np.float32)}))
    data = Call("csv", (("path", "a.csv"), ("test_share", 0.25), ("grid", (1, (2, True)))))
    return Model(graph, WEIGHTS_OF_NET, 11, "cpu", data, {"kernels.py": b"x = 1"})


def refused(path):
    with pytest.raises(CompileError) as caught:
        open_model(path)
    assert caught.value.diagnostics[0].code == "E060"
    return caught.value.diagnostics[0].message


def forged(tmp_path, model, **members):
    """A package of which every checksum is right, but not every member."""
    save_model(tmp_path / "net.snnpkg", model)
    manifest, found = read_package(tmp_path / "net.snnpkg", "model")
    changed = {**found, **{k: v for k, v in members.items() if v is not None}}
    kept = {k: v for k, v in changed.items() if members.get(k, b"") is not None}
    write_package(tmp_path / "forged.snnpkg", "model", manifest.facts, kept)
    return tmp_path / "forged.snnpkg"


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "3", None])
def test_a_seed_that_is_none_is_refused(tmp_path, model, seed):
    save_model(tmp_path / "net.snnpkg", replace(model, seed=seed))
    assert "seed" in refused(tmp_path / "net.snnpkg")


def test_the_largest_seed(tmp_path, model):
    save_model(tmp_path / "net.snnpkg", replace(model, seed=2**64 - 1))
    assert open_model(tmp_path / "net.snnpkg").seed == 2**64 - 1


@pytest.mark.parametrize("name", ["net", "net.snnpkg"])
def test_round_trip(tmp_path, model, name):
    save_model(tmp_path / name, model)
    read = open_model(tmp_path / name)
    assert read.graph == model.graph
    assert (read.seed, read.target, read.data) == (11, "cpu", model.data)
    assert read.extras == model.extras
    np.testing.assert_array_equal(read.weights["x->y"], WEIGHTS_OF_NET["x->y"])
    np.testing.assert_array_equal(read.graph.tensors["w"], np.ones((3, 2)))


def test_a_folder_holds_the_members_of_the_design(tmp_path, model):
    save_model(tmp_path / "net", model)
    found = {p.name for p in (tmp_path / "net").iterdir()}
    assert found == {NAME, GRAPH, WEIGHTS, TENSORS, "kernels.py"}
    assert (tmp_path / "net" / GRAPH).read_text().startswith("snnir 2\n")


def test_without_data(tmp_path, model):
    save_model(tmp_path / "net", replace(model, data=None))
    assert open_model(tmp_path / "net").data is None


@pytest.mark.parametrize("name", [GRAPH, WEIGHTS, TENSORS])
def test_a_member_is_missing(tmp_path, model, name):
    assert "lacks something" in refused(forged(tmp_path, model, **{name: None}))


@pytest.mark.parametrize("noise", [b"", b"\xff", b"\x08\0\0\0\0\0\0\0{}{}{}{}", b"\xff" * 50])
def test_tensors_that_are_none(tmp_path, model, noise):
    assert "damaged" in refused(forged(tmp_path, model, **{WEIGHTS: noise}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "expected `snnir`"),
        (b"snnir 9\n", "this is format '9'"),
        (b"\xff", "not UTF-8 text"),
        (NET.encode().replace(b"(3)", b"(-3)"), "x: shape"),
    ],
)
def test_a_graph_that_is_none(tmp_path, model, text, why):
    message = refused(forged(tmp_path, model, **{GRAPH: text}))
    assert "its graph cannot be read" in message
    assert why in message


def test_a_graph_that_contradicts_itself(tmp_path, model):
    text = NET.replace('"x->y" x -> y', '"x->y" x -> nowhere').encode()
    assert "nowhere" in refused(forged(tmp_path, model, **{GRAPH: text}))


def test_a_graph_that_is_not_compiled(tmp_path, model):
    message = refused(forged(tmp_path, model, **{GRAPH: NET.encode()}))
    assert "folded, schedule, steps" in message


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"other": np.zeros((3, 2), np.float32)},
        {"x->y": np.zeros((3, 2), np.float64)},
    ],
)
def test_weights_that_do_not_fit(tmp_path, model, weights):
    message = refused(forged(tmp_path, model, **{WEIGHTS: encode_tensors(weights)}))
    assert "x->y" in message or "other" in message


@pytest.mark.parametrize(
    "facts",
    [{}, {"seed": "x", "target": "cpu", "data": None}, {"seed": 1, "target": "c", "data": 3}],
)
def test_facts_that_are_none(tmp_path, model, facts):
    save_model(tmp_path / "net.snnpkg", model)
    _, members = read_package(tmp_path / "net.snnpkg", "model")
    write_package(tmp_path / "forged.snnpkg", "model", facts, members)
    assert "lacks something" in refused(tmp_path / "forged.snnpkg")


def test_the_range_of_the_widest_table_fits_a_manifest(tmp_path, model):
    low = tuple(-1.2345678901234567e300 for _ in range(COLUMNS_RECORDED))
    wide = replace(model, data=Call("csv", (("path", "a.csv"), ("low", low), ("high", low))))
    save_model(tmp_path / "net.snnpkg", wide)
    assert open_model(tmp_path / "net.snnpkg").data == wide.data
