from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snncc.backends.artifact.model import save_model
from snncc.backends.protocols import Outcome
from snncc.backends.targets import TARGETS
from snncc.runtime.loading import Options, load_package

pytestmark = pytest.mark.usefixtures("perceptron_target")


@pytest.fixture
def run(snncc, tiny, tmp_path):
    assert snncc("train", tiny, "--out", "run", "--limit", 400, "--test-limit", 40)[0] == 0
    return tmp_path / "run"


def test_eval_counts_right_answers(answer, run):
    (document,) = answer("eval", run)
    assert document["samples"] == 355
    assert document["right"] == np.trace(document["confusion"])
    assert document["accuracy"] == document["right"] / 355
    assert document["accuracy"] > 0.5
    assert np.sum(document["confusion"], axis=1).min() >= 30


def test_eval_of_the_training_split(answer, run):
    (document,) = answer("eval", run, "--split", "train", "--limit", 100)
    assert (document["split"], document["samples"]) == ("train", 100)


def test_run_shows_counts(answer, run):
    (document,) = answer("run", run, "--limit", 3)
    assert len(document["samples"]) == 3
    first = document["samples"][0]
    counts = first["counts"]
    assert first["prediction"] == int(np.argmax(counts))


def test_run_writes_counts(snncc, run, tmp_path):
    assert snncc("run", run, "--limit", 7, "--out", "c.npz")[0] == 0
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["counts"].shape == (7, 10)
        assert set(arrays.files) == {"counts", "predictions", "labels"}


def test_a_program_runs_untrained(answer, tiny):
    (document,) = answer("run", tiny)
    assert len(document["samples"]) == 10


def test_own_data_by_name(answer, run, tmp_path):
    np.savez(tmp_path / "own.npz", x=np.ones((20, 64)), y=np.zeros(20, int))
    for split in ("train", "test"):
        (document,) = answer("eval", run, "--data", "own.npz", "--split", split)
        assert document["samples"] == 20


def test_a_run_knows_the_scale_that_it_was_trained_with(snncc, answer, tiny, tmp_path):
    """Halves of the training data's range are halves, though all their file holds is one value."""
    rows = [f"{value}," * 64 + f"{value // 100}\n" for value in (0, 100)]
    (tmp_path / "train.csv").write_text("".join(rows * 2))
    (tmp_path / "half.csv").write_text("50," * 64 + "1\n")
    (tmp_path / "plain.csv").write_text("0.5," * 64 + "1\n")
    tiny.write_text(tiny.read_text().replace("data digits", 'data csv(path = "train.csv")'))
    assert snncc("train", tiny, "--out", "run", "--test-limit", 0)[0] == 0
    (tmp_path / "train.csv").unlink()
    (half,) = answer("run", "run", "--data", "half.csv")
    (plain,) = answer("run", "run", "--data", 'csv(path = "plain.csv", scale = "none")')
    assert half["samples"] == plain["samples"]
    assert len(set(half["samples"][0]["counts"])) > 1


@pytest.mark.parametrize("command", ["check", "compile", "run", "eval", "plot", "train"])
def test_a_rate_that_is_cut_is_warned_of(snncc, tiny, command):
    fast = "poisson(duration = 10 ms, rate = 5000 Hz)"
    tiny.write_text(tiny.read_text().replace("bernoulli(duration = 10 ms)", fast))
    status, _, err = snncc(command, tiny, *(["--limit", 9] if command == "train" else []))
    assert status == 0
    assert "warning[W040]" in err
    if command in ("run", "eval"):
        assert '"code": "W040"' in snncc(command, tiny, "--json")[1]
        assert snncc("compile", tiny)[0] == 0
        assert "warning[W040]" in snncc(command, "tiny.snnpkg")[2]


class Counter:
    """A simulator of which neuron n fires n + 1 times."""

    steps = 10

    def __init__(self, model, *_):
        self.graph = model.graph
        self.neurons = sum(p.neurons for p in self.graph.populations)

    def run(self, samples):
        count = len(samples.labels)
        fired = np.arange(1, self.neurons + 1) * count
        return Outcome(np.zeros((count, 1)), np.zeros(count), np.zeros(count), fired)

    def raster(self, _samples, _sample):
        return np.eye(self.steps, self.neurons, dtype=bool)


def test_several_outputs(snncc, answer, tiny, tmp_path, monkeypatch):
    """Their counts are shown and drawn; which class they answer is not known."""
    monkeypatch.setitem(TARGETS, "cpu", replace(TARGETS["cpu"], simulator=Counter))
    second = "output other[3] : lif\n  image -> other : dense\n  image -> digit"
    tiny.write_text(tiny.read_text().replace("image -> digit", second))
    status, out, _ = snncc("run", tiny, "--limit", 2, "--out", "c.npz")
    assert status == 0
    assert "counts of digit" in out
    with np.load(tmp_path / "c.npz") as arrays:
        assert arrays["counts of other"].tolist() == [[75, 76, 77]] * 2
        assert set(arrays.files) == {"counts of digit", "counts of other", "labels"}
    (document,) = answer("run", tiny, "--limit", 2)
    assert document["samples"][0]["counts of digit"] == list(range(65, 75))
    assert snncc("plot", tiny)[0] == 0
    status, _, err = snncc("eval", tiny)
    assert status == 1
    assert "error[E044]" in err
    assert "`snncc run` shows" in err


def test_no_data_at_all(snncc, tiny):
    tiny.write_text(tiny.read_text().split("train tiny")[0])
    status, _, err = snncc("run", tiny)
    assert status == 1
    assert "--data" in err


def test_for_people(snncc, run):
    status, out, _ = snncc("eval", run)
    assert status == 0
    assert "of 355 right" in out
    assert snncc("eval", run, "--quiet") == (0, "", "")


def test_what_is_no_network(snncc, tmp_path):
    (tmp_path / "folder").mkdir()
    status, _, err = snncc("eval", "folder")
    assert status == 1
    assert "neither a package nor" in err


def test_a_model_made_for_another_target(snncc, answer, tiny, monkeypatch):
    """It runs on what --target names; on its own only where that is."""
    reason = "no NVIDIA driver is installed here"
    monkeypatch.setitem(TARGETS, "gpu", replace(TARGETS["gpu"], available=lambda: reason))
    package = replace(load_package(tiny, Options()), target="gpu")
    save_model(Path("made.snnpkg"), package)
    for command in ("run", "eval", "plot"):
        status, _, err = snncc(command, "made.snnpkg")
        assert status == 1
        assert "error[E070]: target `gpu` is not available here" in err
        assert snncc(command, "made.snnpkg", "--target", "cpu")[0] == 0


def test_kernels_that_a_package_brings_are_used(snncc, tiny, tmp_path, monkeypatch):
    seen = []

    def simulator(model, threads, folder):
        seen.append(folder)
        return TARGETS["cpu"].simulator(model, threads, folder)

    row = replace(
        TARGETS["gpu"],
        available=lambda: None,
        simulator=simulator,
        adopt=lambda extras, folder: folder / extras["note"].decode(),
    )
    monkeypatch.setitem(TARGETS, "gpu", row)
    package = replace(load_package(tiny, Options()), target="gpu", extras={"note": b"own"})
    save_model(Path("made.snnpkg"), package)
    assert snncc("run", "made.snnpkg", "--limit", 1)[0] == 0
    assert seen == [tmp_path / "cache" / "snncc" / "kernels" / "own"]
