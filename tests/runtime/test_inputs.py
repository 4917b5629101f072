"""Data that the user names are read as those that the network was written for."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text
from refusal import refusals, refused

from snncc.backends.artifact.model import Package
from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call, Graph
from snncc.ir.model import Model
from snncc.runtime.datasets.data import Data
from snncc.runtime.datasets.table import load
from snncc.runtime.inputs import choose_data, given_inputs, load_inputs, load_presentation
from snncc.runtime.settings import settings_from

TRAINED = "kind,a,b\n1,0,100\n0,100,300\n"
FURTHER = "kind,a,b\n1,50,200\n1,50,200\n0,200,100\n"
SCALED = np.array([[0.5, 0.5], [0.5, 0.5], [1, 0]], np.float32)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "trained.csv").write_text(TRAINED)
    (tmp_path / "further.csv").write_text(FURTHER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model(*arguments: tuple[str, object], kind: str = "csv") -> Package:
    call = Call(kind, (("path", "trained.csv"), ("label", "kind"), *arguments))  # type: ignore[arg-type]
    model = Model(Graph("n", 1.0, (), ()), {}, {})
    return Package(model, "cpu", call if kind == "csv" else Call(kind))


def read(model: Package, named: str, split: str = "test") -> Data:
    return load(choose_data(model, named), split, settings_from({}))


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_file_is_presented_whole_and_scaled_as_the_training_data(split: str) -> None:
    data = read(model(), "further.csv", split)
    np.testing.assert_array_equal(data.values, SCALED)
    assert data.labels.tolist() == [1, 1, 0]


def test_the_range_that_a_run_recorded_needs_no_training_file(folder: Path) -> None:
    (folder / "trained.csv").unlink()
    recorded = model(("low", (0, 100)), ("high", (100, 300)))
    np.testing.assert_array_equal(read(recorded, "further.csv").values, SCALED)


def test_a_range_that_cannot_be_known_is_asked_for(folder: Path) -> None:
    (folder / "trained.csv").unlink()
    first, second = refusals(read, model(), "further.csv")
    assert "trained.csv" in first.message
    assert "low = …" in second.help
    data = read(model(), 'csv(path = "further.csv", low = 0, high = 200)')
    assert data.values[0].tolist() == [0.25, 1.0]


def test_labels_mean_what_they_meant_in_training(folder: Path) -> None:
    named = model(("classes", ("b", "a")), ("low", 0), ("high", 1))
    (folder / "words.csv").write_text("kind,a,b\na,0,1\n")
    assert read(named, "words.csv").labels.tolist() == [1]
    np.savez(folder / "words.npz", x=np.ones((1, 2)), y=np.array(["a"]))
    assert read(named, "words.npz").labels.tolist() == [1]


def test_words_whose_classes_cannot_be_known_are_refused(folder: Path) -> None:
    (folder / "trained.csv").unlink()
    (folder / "words.csv").write_text("kind,a,b\na,0,1\n")
    (found,) = refusals(read, model(("low", 0), ("high", 1)), "words.csv")
    assert "labels that are not one whole number a sample" in found.message
    assert "`classes = […]`" in found.help


@pytest.mark.parametrize("kind", ["digits", "npz"])
def test_without_a_training_table_nothing_is_scaled(kind: str, folder: Path) -> None:
    (folder / "plain.csv").write_text("0.25,0.75,1\n")
    assert read(model(kind=kind), "plain.csv").values.tolist() == [[0.25, 0.75]]
    (folder / "plain.csv").write_text("25,75,1\n")
    with pytest.raises(CompileError, match="value 25 in sample 0") as caught:
        read(model(kind=kind), "plain.csv")
    assert "low = 0, high = 100" in caught.value.diagnostics[0].help


def test_arguments_in_the_words_of_a_train_block(folder: Path) -> None:
    (folder / "bare.csv").write_text("25,75,1\n50,75,0\n")
    data = read(model(), 'csv(path = "bare.csv", label = "last", low = [0, 50], high = 100)')
    assert data.values.tolist() == [[0.25, 0.5], [0.5, 0.5]]
    own = read(model(), 'csv(path = "bare.csv", label = 2, scale = "min-max")')
    assert own.values.tolist() == [[0, 0], [1, 0]]
    half = 'csv(path = "bare.csv", label = 2, test_share = 0.5)'
    assert (len(read(model(), half)), len(read(model(), half, "train"))) == (1, 1)


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ('csv(path = "further.csv"', "E001"),
        ('csv("further.csv")', "E012"),
        ('csv(path = "further.csv", labels = 3)', "E012"),
        ("csv(path = 3 mV)", "E021"),
        ('csv(path = "further.csv", low = [0, "a"])', "E020"),
        ("csw(path = 3)", "E010"),
        ("digitz", "E010"),
    ],
)
def test_calls_that_are_wrong(named: str, problem: str) -> None:
    assert [d.code for d in refusals(read, model(), named)] == [problem]


def test_names_of_files(folder: Path) -> None:
    (folder / "F.CSV").write_text(FURTHER)
    (folder / "f.csv.gz").write_bytes(gzip.compress(FURTHER.encode()))
    for name in ("F.CSV", "f.csv.gz"):
        np.testing.assert_array_equal(read(model(), name).values, SCALED)
    np.savez(folder / "f.npz", x=np.zeros((5, 2)), y=np.zeros(5, int))
    (folder / "f.npz").rename(folder / "F.Npz")
    assert len(read(model(), "F.Npz")) == 5


def test_an_archive_with_parts_of_its_own_keeps_them(folder: Path) -> None:
    zeros, labels = np.zeros((5, 2), np.float32), np.zeros(5, int)
    np.savez(folder / "f.npz", x_train=zeros, y_train=labels, x_test=zeros[:2], y_test=labels[:2])
    assert [len(read(model(), "f.npz", split)) for split in ("train", "test")] == [5, 2]


def test_images_with_their_labels_are_whole_too(folder: Path) -> None:
    (folder / "i").write_bytes(b"\0\0\x08\2\0\0\0\3\0\0\0\1" + bytes([0, 255, 51]))
    (folder / "l").write_bytes(b"\0\0\x08\1\0\0\0\3\1\0\1")
    data = read(model(kind="digits"), 'idx(path = "i", labels = "l")')
    assert data.labels.tolist() == [1, 0, 1]


CURRENTS = """
neuron amp { state v: mV = 0 mV  input I: pA  dv/dt = I * 0.1 GOhm / 10 ms
  spike when v > 5 mV  on spike { v = 0 mV } }
network n {
  dt = 1 ms
  input x[2] : nA encode current(duration = 5 ms)
  output y[2] : amp
  x -> y : one_to_one(weight = 1)  delay 1 ms
}
"""


def test_inputs_that_send_numbers_take_any_that_are_finite(folder: Path) -> None:
    given = np.array([[-2.5, 7.0], [0.5, 1e6]])
    np.save(folder / "x.npy", given)
    graph = compiled_text(CURRENTS).graph
    for found in (given_inputs(graph, given), load_inputs(graph, folder / "x.npy", None)):
        np.testing.assert_array_equal(found.values, given.astype(np.float32))
    assert len(load_inputs(graph, folder / "x.npy", 1)) == 1
    np.save(folder / "x.npy", given * 1e300)
    assert "sample 0, column 0" in refused("E061", load_inputs, graph, folder / "x.npy", 2).message
    assert "1 values" in refused("E062", given_inputs, graph, given[:, :1]).message


def test_numbers_that_become_spikes_keep_their_range() -> None:
    graph = compiled_text(
        CURRENTS.replace(": nA encode current", "encode poisson").replace(
            "weight = 1", "weight = 1 pA"
        )
    ).graph
    assert "outside 0..1" in refused("E061", given_inputs, graph, [[-2.5, 7.0]]).message


COUNTED = """
network n {
  dt = 1 ms
  input x[2] encode spikes(duration = 5 ms, most = 9)
  output y[2] : lif
  x -> y : dense
}
"""


def test_counts_of_spikes_of_every_kind_of_file(folder: Path) -> None:
    graph = compiled_text(COUNTED).graph
    given = np.random.default_rng(0).integers(0, 10, (4, 5, 2))
    np.save(folder / "x.npy", given.astype(np.uint8))
    np.savez(folder / "x.npz", x=given, y=np.zeros(4, int))
    np.savez(folder / "t.npz", x=given.astype(np.uint8), y=np.zeros(4, int))
    named = Package(Model(graph, {}, {}), "cpu", Call("npz", (("path", "t.npz"),)))
    found = [given_inputs(graph, given), load_inputs(graph, folder / "x.npy", None)]
    for package in (named, Package(Model(graph, {}, {}), "cpu")):
        call = choose_data(package, "x.npz")
        found.append(load_presentation(graph, call, "test", None, settings_from({})))
    for each in found:
        assert each.values.dtype == np.uint8
        np.testing.assert_array_equal(each.values, given)
    refusal = refused("E062", given_inputs, graph, given + 1)
    assert "a step may have 9" in refusal.message
