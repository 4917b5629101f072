from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chains import TRAINS

from snncc.backends.artifact.model import save_model
from snncc.backends.protocols import Emission, Outcome, classes_of
from snncc.backends.targets import TARGETS, Target
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


@pytest.mark.parametrize("command", ["run", "eval"])
def test_the_share_of_neurons_by_their_spikes(snncc, answer, run, command):
    (document,) = answer(command, run, "--limit", 7, "--histogram")
    image, digit = document["histogram"]
    assert image == {"population": "image", "shares": [1.0]}
    assert digit["population"] == "digit"
    assert sum(digit["shares"]) == pytest.approx(1)
    assert "histogram" not in answer(command, run, "--limit", 7)[0]
    assert "spikes a neuron" in snncc(command, run, "--limit", 7, "--histogram")[1]


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


def test_labels_of_words_are_named_and_kept(snncc, answer, tiny, tmp_path):
    rows = {"low": "0," * 64, "high\x1b": "1," * 64}
    text = "".join(f"{values}{name}\n" for name, values in rows.items())
    (tmp_path / "train.csv").write_text(text * 5)
    (tmp_path / "low.csv").write_text(rows["low"] + "low\n")
    tiny.write_text(tiny.read_text().replace("data digits", 'data csv(path = "train.csv")'))
    status, _, err = snncc("train", tiny, "--out", "run")
    assert status == 0
    assert "classes: 0 high\\x1b, 1 low\n" in err
    (tmp_path / "train.csv").unlink()
    (document,) = answer("eval", "run", "--data", "low.csv")
    assert document["classes"] == ["high\x1b", "low"]
    assert np.sum(document["confusion"], axis=1).tolist() == [0, 1, *[0] * 8]
    assert [w["code"] for w in document["warnings"]] == ["W060"]
    status, out, err = snncc("eval", "run", "--data", "low.csv")
    assert "0 high\\x1b  1 low  2 " in out
    assert "warning[W060]: `low.csv` gives 0 to all inputs" in err


def test_what_is_odd_about_the_data_is_said_before_training(snncc, tiny, tmp_path):
    (tmp_path / "from1.csv").write_text(("0.5," * 64 + "1\n" + "1," * 64 + "2\n") * 5)
    tiny.write_text(tiny.read_text().replace("data digits", 'data csv(path = "from1.csv")'))
    status, _, err = snncc("train", tiny, "--out", "run")
    assert status == 0
    assert "has no sample of class 0: its labels are `1` and `2`" in err


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


def test_samples_without_a_class_are_told_apart(snncc, answer, run, perceptron_target, monkeypatch):
    def silent_at_first(self, samples):
        outcome = found(self, samples)
        outcome.counts[0] = 0
        return replace(outcome, predictions=classes_of(outcome.counts))

    found = perceptron_target.run
    monkeypatch.setattr(perceptron_target, "run", silent_at_first)
    (document,) = answer("run", run, "--limit", 2)
    assert document["samples"][0]["prediction"] is None
    _, out, err = snncc("eval", run, "--limit", 100)
    assert "none" in out
    assert "no output neuron fired at 1 of the samples" in err
    (document,) = answer("eval", run, "--limit", 100)
    assert (document["silent"], np.array(document["confusion"])[:, -1].sum()) == (1, 1)


def test_several_outputs(snncc, answer, tiny, tmp_path, monkeypatch):
    """Their counts are shown and drawn; which class they answer is not known."""
    monkeypatch.setitem(TARGETS, "cpu", replace(TARGETS["cpu"], simulate=Counter))
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
        return TARGETS["cpu"].simulate(model, threads, folder)

    row = replace(
        TARGETS["gpu"],
        available=lambda: None,
        simulate=simulator,
        adopt=lambda extras, folder: folder / extras["note"].decode(),
    )
    monkeypatch.setitem(TARGETS, "gpu", row)
    package = replace(load_package(tiny, Options()), target="gpu", extras={"note": b"own"})
    save_model(Path("made.snnpkg"), package)
    assert snncc("run", "made.snnpkg", "--limit", 1)[0] == 0
    assert seen == [tmp_path / "cache" / "snncc" / "kernels" / "own"]


def test_inputs_of_ones_own_and_a_record_of_every_spike(snncc, chain, tmp_path):
    record = ("--record", "spikes.npz", "--record-states")
    status, out, _ = snncc("run", *chain(), *record)
    assert status == 0
    assert "label" not in out
    with np.load(tmp_path / "spikes.npz", allow_pickle=False) as found:
        assert found["populations"].tolist() == ["x", "h", "y"]
        assert found["spikes/x"].tolist() == [[0, 1, 0], [1, 0, 1], [1, 2, 1]]
        assert found["spikes/h"].tolist() == [[0, 1, 0], [1, 0, 1], [1, 2, 1]]
        assert found["spikes/y"].dtype == np.int32
        assert found["states/y/v"].shape == (2, 5, 2)
        assert found["states/y/c"][0, :, 0].tolist() == [0, 0, 4, 2, 1]
        assert found["states/y/refractory_left"].dtype == np.int32
        assert ["y/v", "mV"] in found["units"].tolist()
        assert found["dt"] == 1.0
        assert len(str(found["digest"])) == 64
    assert snncc("run", *chain(), "--record", "spikes.npz", "--limit", 1)[0] == 0
    with np.load(tmp_path / "spikes.npz") as found:
        assert found["spikes/h"].tolist() == [[0, 1, 0]]
        assert not [name for name in found if name.startswith("states")]


def test_rates_are_encoded(snncc, chain, tmp_path):
    arguments = chain("bernoulli(duration = 5 ms)", np.float32([[1, 0, 0], [0, 1, 0]]))
    assert snncc("run", *arguments, "--record", "spikes.npz")[0] == 0
    with np.load(tmp_path / "spikes.npz") as found:
        assert found["spikes/x"][:, 2].tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize(
    ("encoding", "array", "code", "why"),
    [
        ("spikes(duration = 9 ms)", TRAINS, "E062", "have 5 steps"),
        ("spikes(duration = 5 ms)", TRAINS[..., :2], "E062", "has 2 values"),
        (
            "spikes(duration = 5 ms)",
            TRAINS[:, 0].astype(np.float32),
            "E062",
            "have the shape [2, 3]",
        ),
        ("bernoulli(duration = 5 ms)", TRAINS, "E062", "are spike trains"),
        ("bernoulli(duration = 5 ms)", np.full((1, 3), 2.0), "E061", "x.npy"),
        ("bernoulli(duration = 5 ms)", np.full((1, 3), np.nan), "E061", "x.npy"),
        ("spikes(duration = 5 ms)", np.full((1, 5, 3), 7, np.uint8), "E061", "holds no inputs"),
        ("spikes(duration = 5 ms)", np.zeros(3, bool), "E061", "holds no inputs"),
        ("spikes(duration = 5 ms)", np.array([[None]]), "E061", "Python objects"),
    ],
)
def test_inputs_that_do_not_fit(snncc, chain, encoding, array, code, why):
    status, _, err = snncc("run", *chain(encoding, array))
    assert status == 1
    assert f"error[{code}]" in err
    assert why in " ".join(err.split())


@pytest.mark.parametrize("more", [("--record-states",), ("--data", "digits")])
def test_options_that_do_not_go_together(snncc, chain, more):
    assert snncc("run", *chain(), *more)[0] == 2


def test_a_target_says_what_it_cannot_do(snncc, tiny, monkeypatch):
    """And what it can, in the list."""
    refusal = "error[E071]: the target `{}` cannot {}\nhelp: targets that can: cpu, gpu"
    status, _, err = snncc("train", tiny, "--target", "reference", "--out", "run")
    assert status == 1
    assert refusal.format("reference", "train") in err
    chip = Target("chip", "a chip that takes images", export=lambda *_: Emission({"a.hex": b"1"}))
    monkeypatch.setitem(TARGETS, "chip", chip)
    assert snncc("compile", tiny, "--target", "chip")[0] == 0
    status, _, err = snncc("run", "tiny.snnpkg")
    assert status == 1
    assert refusal.format("chip", "simulate") + ", reference" in err
    assert snncc("run", "tiny.snnpkg", "--target", "reference", "--limit", 1)[0] == 0
    assert "chip export ready" in " ".join(snncc("targets")[1].split())
