import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from refusal import refused

from snncc.backends.artifact import manifest
from snncc.backends.artifact.archive import pack
from snncc.backends.artifact.manifest import NAME
from snncc.backends.artifact.model import (
    GRAPH,
    SYNAPSES,
    TENSORS,
    VALUES,
    Package,
    open_model,
    save_model,
)
from snncc.backends.artifact.package import read_package, write_package
from snncc.backends.artifact.tensors import decode_tensors, encode_tensors
from snncc.ir.deploy.choices import DeploySpec
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.tensors import Tensor
from snncc.ir.text import parse_graph
from snncc.ir.types import DType, Fixed
from snncc.ir.verify import PROPERTIES
from snncc.ir.wiring import Listed, Planes, Windows
from snncc.runtime.datasets.delimited import COLUMNS_RECORDED

GOLDEN = Path(__file__).parents[2] / "golden"
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
projection "y->y" y -> y port i delay 1 trainable sparse(p=0.5) init constant(value=1.0)
"""
WEIGHTS_OF_NET = {
    "x->y": np.arange(6, dtype=np.float32).reshape(3, 2) / 7,
    "y->y": np.ones(3, np.float32),
}


@pytest.fixture
def package():
    graph = run_pipeline(parse_graph(NET, {"w": np.ones((3, 2), np.float32)}))
    data = Call("csv", (("path", "a.csv"), ("test_share", 0.25), ("grid", (1, (2, True)))))
    return Package(draw_model(graph, 11, WEIGHTS_OF_NET), "cpu", data, {"kernels.py": b"x = 1"})


def unopened(path):
    return refused("E060", open_model, path).message


def forged(tmp_path, package, **members):
    """A package of which every checksum is right, but not every member."""
    save_model(tmp_path / "net.snnpkg", package)
    read, found = read_package(tmp_path / "net.snnpkg", "model")
    changed = {**found, **{k: v for k, v in members.items() if v is not None}}
    kept = {k: v for k, v in changed.items() if members.get(k, b"") is not None}
    write_package(tmp_path / "forged.snnpkg", "model", read.facts, kept)
    return tmp_path / "forged.snnpkg"


def with_seed(package, seed):
    return replace(package, model=replace(package.model, seed=seed))


def test_parameters_that_are_learnt_are_kept(tmp_path):
    text = NET.replace("(v_th=2.5)", "(v_th=2.5) learns (v_th each lr_mult 1.0 above 1.0)")
    graph = run_pipeline(parse_graph(text, {"w": np.ones((3, 2), np.float32)}))
    drawn = draw_model(graph, 11, WEIGHTS_OF_NET)
    np.testing.assert_array_equal(drawn.values["y/v_th"].array, np.float32([2.5, 2.5]))
    model = drawn.with_values({"y/v_th": np.float32([1.5, 3.25])})
    path = tmp_path / "net.snnpkg"
    save_model(path, Package(model, "cpu"))
    assert open_model(path).model == model
    for values in ({"y/v_th": np.float32(1.5)}, {}):
        kept = {n: v for n, v in model.values.items() if n != "y/v_th"}
        wrong = replace(model, values=kept).with_values(values)
        assert "y/v_th" in refused("E060", save_model, path, Package(wrong, "cpu")).message


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "3", None])
def test_a_seed_that_is_none_is_refused(tmp_path, package, seed):
    save_model(tmp_path / "net.snnpkg", package)
    read, members = read_package(tmp_path / "net.snnpkg", "model")
    write_package(tmp_path / "forged.snnpkg", "model", {**read.facts, "seed": seed}, members)
    assert "seed" in unopened(tmp_path / "forged.snnpkg")


def test_the_largest_seed(tmp_path, package):
    save_model(tmp_path / "net.snnpkg", with_seed(package, 2**64 - 1))
    assert open_model(tmp_path / "net.snnpkg").model.seed == 2**64 - 1
    assert "seed" in unwritable(tmp_path / "net.snnpkg", with_seed(package, 2**64))


@pytest.mark.parametrize("name", ["net", "net.snnpkg"])
def test_round_trip(tmp_path, package, name):
    save_model(tmp_path / name, package)
    assert open_model(tmp_path / name) == package


VALUES_OF_NET = {
    "y/v_th": Tensor(np.array([0.5, 0.25]), DType.F64),
    "y/v": Tensor(np.array(3, np.int8), Fixed(8, 4)),
    "weights/x->y": Tensor(np.full((3, 2), -7, np.int16), Fixed(12, 4, overflow="saturate")),
    "weights/y->y": Tensor(np.ones(3, np.bool_), DType.BOOL),
}


def test_values_of_every_type_are_kept(tmp_path, package):
    """Of parameters and initial states too; what they are is in the manifest."""
    made = replace(package.model, values=VALUES_OF_NET)
    made = replace(made, wirings={**made.wirings, "y->y": COMPLETE})
    save_model(tmp_path / "net", replace(package, model=made))
    assert open_model(tmp_path / "net").model == made
    facts = json.loads((tmp_path / "net" / NAME).read_text())["facts"]
    assert facts["types"]["weights/x->y"] == "fixed(12, 4, saturate)"


COMPLETE = Listed(2, 2, *(np.array(ends, np.int32) for ends in ([0, 0, 1], [0, 1, 0])))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("weights/x->y", Tensor(np.zeros((2, 3), np.float32)), "of shape [2, 3]"),
        ("weights/x->y", Tensor(np.zeros((3, 2), np.int8)), "int8 is not how f32 is stored"),
        ("weights/x->y", Tensor(np.zeros((3, 2), np.float16)), "float16 is not how f32"),
        ("weights/x->y", Tensor(np.full((3, 2), 9, np.int8), Fixed(4, 0)), "no codes from 9 to 9"),
        ("y/v_th", Tensor(np.zeros(3, np.float32)), "y/v_th: of shape [3]"),
        ("y/tau", Tensor(np.zeros(2, np.float32)), "y/tau: a value of nothing"),
    ],
)
def test_what_cannot_be_opened_is_not_written(tmp_path, package, name, value, why):
    model = replace(package.model, values={**package.model.values, name: value})
    assert why in unwritable(tmp_path / "net.snnpkg", replace(package, model=model))
    assert not (tmp_path / "net.snnpkg").exists()


def unwritable(path, package):
    return refused("E060", save_model, path, package).message


def test_a_later_pass_invalidates_no_package(tmp_path, package, monkeypatch):
    save_model(tmp_path / "net.snnpkg", package)
    monkeypatch.setitem(PROPERTIES, "quantized", lambda graph: False)
    assert open_model(tmp_path / "net.snnpkg") == package


def test_a_folder_holds_the_members_of_the_design(tmp_path, package):
    save_model(tmp_path / "net", package)
    found = {p.name for p in (tmp_path / "net").iterdir()}
    assert found == {NAME, GRAPH, VALUES, SYNAPSES, TENSORS, "kernels.py"}
    assert (tmp_path / "net" / GRAPH).read_text().startswith("snnir 2\n")


def test_the_ends_of_the_synapses_are_beside_their_weights(tmp_path, package):
    """So that another tool can use a random wiring; all pairs need none."""
    save_model(tmp_path / "net", package)
    lists = decode_tensors((tmp_path / "net" / SYNAPSES).read_bytes())
    wiring = package.model.wirings["y->y"]
    assert sorted(lists) == ["y->y/post", "y->y/pre"]
    np.testing.assert_array_equal(lists["y->y/pre"], wiring.pre)
    np.testing.assert_array_equal(lists["y->y/post"], wiring.post)


@pytest.mark.parametrize(
    ("part", "entries", "why"),
    [
        ("pre", [0, 9], "beyond its ends"),
        ("post", [-1, 0], "beyond its ends"),
        ("pre", [1, 0], "out of order"),
        ("post", [0], "a list of int32 [1]"),
        ("pre", None, "lacks something"),
        ("tap", [0, 2], "windows of y->y are not those of its graph"),
        ("more", [0, 1], "of what is y->y/more"),
        ("delay", [1, 1], "delays of synapses"),
    ],
)
def test_synapses_that_cannot_be(tmp_path, package, part, entries, why):
    lists = {"y->y/pre": np.array([0, 1], np.int32), "y->y/post": np.array([1, 0], np.int32)}
    lists |= {f"y->y/{part}": np.array(entries or [], np.int32)}
    if entries is None:
        del lists["y->y/pre"]
    weights = {"weights/x->y": WEIGHTS_OF_NET["x->y"], "weights/y->y": np.ones(2, np.float32)}
    members = {SYNAPSES: encode_tensors(lists), VALUES: encode_tensors(weights)}
    assert why in unopened(forged(tmp_path, package, **members))


def test_delays_of_synapses_are_kept(tmp_path):
    late = NET.replace(
        "delay 1 trainable sp", "delay 2 delays normal(mean=4.0, sd=2.0, min=0.0) fixed sp"
    )
    graph = run_pipeline(parse_graph(late, {"w": WEIGHTS_OF_NET["x->y"]}))
    package = Package(draw_model(graph, 3), "cpu")
    save_model(tmp_path / "net", package)
    assert package.model.wirings["y->y"].delay.min() >= 2
    assert open_model(tmp_path / "net") == package


WINDOWED = NET.replace("(3) encode", "(1, 3, 3) encode").replace(
    'dense() init given(tensor="w")',
    "conv2d(channels=2, kernel=3, stride=1, padding=0) init constant(value=1.0)",
)


def test_windows_are_told_by_the_graph(tmp_path):
    """Format 2 had lists of them, and of their weights' places; others than the graph's are
    refused."""
    graph = run_pipeline(parse_graph(WINDOWED.replace("output (2)", "output (2, 1, 1)"), {}))
    package = Package(draw_model(graph, 3), "cpu")
    wiring = package.model.wirings["x->y"]
    assert isinstance(wiring, Windows)
    save_model(tmp_path / "net", package)
    lists = decode_tensors((tmp_path / "net" / SYNAPSES).read_bytes())
    assert sorted(lists) == ["y->y/post", "y->y/pre"]
    assert open_model(tmp_path / "net") == package
    ends = dict(zip(("pre", "post", "tap"), (*wiring.pairs(), wiring.places()), strict=True))
    older = lists | {f"x->y/{part}": entries for part, entries in ends.items()}
    made = forged(tmp_path, package, **{SYNAPSES: encode_tensors(older)})
    assert open_model(made) == package
    older["x->y/tap"] = older["x->y/tap"][::-1].copy()
    made = forged(tmp_path, package, **{SYNAPSES: encode_tensors(older)})
    assert "the windows of x->y are not those of its graph" in unopened(made)


def test_windows_of_another_projection_are_not_written(tmp_path, package):
    windows = Windows(Planes(1, 3, 1), Planes(1, 2, 1), 1, 1, 0, is_pool=False)
    wirings = {**package.model.wirings, "x->y": windows}
    made = replace(package, model=replace(package.model, wirings=wirings))
    assert "windows that are not those" in unwritable(tmp_path / "net.snnpkg", made)


def test_a_package_of_the_first_format(tmp_path):
    """Written by a version that kept weights alone: the wiring is drawn from the seed."""
    package = open_model(GOLDEN / "artifact" / "first.snnpkg")
    model = package.model
    assert (model.seed, package.target, package.data) == (5, "cpu", Call("digits"))
    assert model == draw_model(model.graph, 5)
    save_model(tmp_path / "second.snnpkg", package)
    assert open_model(tmp_path / "second.snnpkg") == package


ASKED = DeploySpec({"bits": 6, "floor": -2.5, "target": "loihi"}, {"x->y": 4})


@pytest.mark.parametrize("asked", [None, DeploySpec(), ASKED])
@pytest.mark.parametrize("name", ["net", "net.snnpkg"])
def test_what_a_program_asks_of_integers_is_kept(tmp_path, package, name, asked):
    save_model(tmp_path / name, replace(package, deploy=asked))
    assert open_model(tmp_path / name).deploy == asked


def of_format(path, number, facts, members):
    """A package that a version of this format has written."""
    made = manifest.Manifest("model", "source", facts, number)
    path.write_bytes(pack({**members, NAME: manifest.encode(made, members)}))
    return path


def test_a_package_of_the_third_format(tmp_path, package):
    """It knew nothing of what a program asks of integers."""
    save_model(tmp_path / "net.snnpkg", package)
    read, members = read_package(tmp_path / "net.snnpkg", "model")
    facts = {name: fact for name, fact in read.facts.items() if name != "deploy"}
    assert open_model(of_format(tmp_path / "third.snnpkg", 3, facts, members)) == package
    assert "lacks something: 'deploy'" in unopened(
        of_format(tmp_path / "fourth.snnpkg", 4, facts, members)
    )


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (3, "lacks something"),
        ([], "lacks something"),
        ({"said": {}}, "lacks something"),
        ({"said": {}, "bits": {}, "more": 1}, "lacks something"),
        ({"said": [1], "bits": {}}, "lacks something"),
        ({"said": "", "bits": {}}, "lacks something"),
        ({"said": {"bits": 1}, "bits": {}}, "`bits` is 1; it must be at least 2"),
        ({"said": {"bits": 10**400}, "bits": {}}, "`bits` is 1000"),
        ({"said": {"bits": True}, "bits": {}}, "`bits` is a whole number"),
        ({"said": {"scale": ["neuron"]}, "bits": {}}, "`scale` is one of"),
        ({"said": {"target": "cpu"}, "bits": {}}, "`target` is one of"),
        ({"said": {"floor": None}, "bits": {}}, "`floor` is a number"),
        ({"said": {"depth": 3}, "bits": {}}, "there is no `depth` to deploy"),
        ({"said": {}, "bits": {"x->z": 4}}, "there is no `x->z` to deploy"),
        ({"said": {}, "bits": {"x->y": "4"}}, "`bits` is a whole number"),
    ],
)
def test_what_is_asked_that_nothing_can_ask(tmp_path, package, document, why):
    save_model(tmp_path / "net.snnpkg", package)
    read, members = read_package(tmp_path / "net.snnpkg", "model")
    facts = {**read.facts, "deploy": document}
    write_package(tmp_path / "forged.snnpkg", "model", facts, members)
    assert why in unopened(tmp_path / "forged.snnpkg")


def test_what_cannot_be_asked_is_not_written(tmp_path, package):
    wrong = replace(package, deploy=DeploySpec({}, {"x->z": 4}))
    assert "there is no `x->z`" in unwritable(tmp_path / "net.snnpkg", wrong)


def test_a_format_that_is_yet_to_come(tmp_path, package, monkeypatch):
    monkeypatch.setitem(manifest.FORMATS, "model", 5)
    save_model(tmp_path / "net.snnpkg", package)
    monkeypatch.undo()
    assert "its format is 5; this version of snncc reads 1 to 4" in unopened(
        tmp_path / "net.snnpkg"
    )


def test_without_data(tmp_path, package):
    save_model(tmp_path / "net", replace(package, data=None))
    assert open_model(tmp_path / "net").data is None


@pytest.mark.parametrize("name", [GRAPH, VALUES, SYNAPSES, TENSORS])
def test_a_member_is_missing(tmp_path, package, name):
    assert "lacks something" in unopened(forged(tmp_path, package, **{name: None}))


@pytest.mark.parametrize("noise", [b"", b"\xff", b"\x08\0\0\0\0\0\0\0{}{}{}{}", b"\xff" * 50])
def test_tensors_that_are_none(tmp_path, package, noise):
    assert "damaged" in unopened(forged(tmp_path, package, **{VALUES: noise}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "expected `snnir`"),
        (b"snnir 9\n", "this is format '9'"),
        (b"\xff", "not UTF-8 text"),
        (NET.encode().replace(b"(3)", b"(-3)"), "x: shape"),
    ],
)
def test_a_graph_that_is_none(tmp_path, package, text, why):
    message = unopened(forged(tmp_path, package, **{GRAPH: text}))
    assert "its graph cannot be read" in message
    assert why in message


def test_a_graph_that_contradicts_itself(tmp_path, package):
    text = NET.replace('"x->y" x -> y', '"x->y" x -> nowhere').encode()
    assert "nowhere" in unopened(forged(tmp_path, package, **{GRAPH: text}))


def test_a_graph_that_is_not_compiled(tmp_path, package):
    message = unopened(forged(tmp_path, package, **{GRAPH: NET.encode()}))
    assert "folded, schedule, steps" in message


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"weights/other": np.zeros((3, 2), np.float32)},
        {"weights/x->y": np.zeros((3, 2), np.float64), "weights/y->y": np.ones(3, np.float32)},
    ],
)
def test_weights_that_do_not_fit(tmp_path, package, weights):
    message = unopened(forged(tmp_path, package, **{VALUES: encode_tensors(weights)}))
    assert "x->y" in message or "other" in message


@pytest.mark.parametrize(
    "facts",
    [{}, {"seed": "x", "target": "cpu", "data": None}, {"seed": 1, "target": "c", "data": 3}],
)
def test_facts_that_are_none(tmp_path, package, facts):
    save_model(tmp_path / "net.snnpkg", package)
    _, members = read_package(tmp_path / "net.snnpkg", "model")
    write_package(tmp_path / "forged.snnpkg", "model", facts, members)
    assert "lacks something" in unopened(tmp_path / "forged.snnpkg")


def test_the_range_of_the_widest_table_fits_a_manifest(tmp_path, package):
    low = tuple(-1.2345678901234567e300 for _ in range(COLUMNS_RECORDED))
    wide = replace(package, data=Call("csv", (("path", "a.csv"), ("low", low), ("high", low))))
    save_model(tmp_path / "net.snnpkg", wide)
    assert open_model(tmp_path / "net.snnpkg").data == wide.data
