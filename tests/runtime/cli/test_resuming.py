"""Runs that go on, and what they may be told."""

import json
from dataclasses import replace

import pytest

from snncc.backends.artifact.model import open_model
from snncc.backends.targets import TARGETS

pytestmark = pytest.mark.usefixtures("perceptron_target")

SHORT = ("--limit", 100, "--test-limit", 40)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_can_be_prolonged(snncc, answer, tiny, tmp_path):
    snncc("train", tiny, "--out", "whole", *SHORT, "--epochs", 3)
    snncc("train", tiny, "--out", "run", *SHORT)
    (epoch, _) = answer("train", "--resume", "--out", "run", "--epochs", 3)
    assert epoch["epoch"] == 3
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()


def test_a_run_whose_schedule_goes_over_all_epochs_is_not_prolonged(snncc, tiny, tmp_path):
    """Its learning rates would have been others from the start."""
    tiny.write_text(tiny.read_text().replace("  epochs 2", "  schedule linear\n  epochs 2"))
    snncc("train", tiny, "--out", "run", *SHORT, "--epochs", 3)
    before = contents(tmp_path / "run")
    status, _, err = snncc("train", "--resume", "--out", "run", "--epochs", 4)
    assert status == 1
    assert "error[E060]: the schedule `linear` of `run` goes over all of its 3 epochs" in err
    assert "says `linear(epochs = …)`" in err
    assert contents(tmp_path / "run") == before
    assert snncc("train", "--resume", "--out", "run", "--epochs", 3)[0] == 0


def test_a_run_whose_schedule_says_its_epochs_is_prolonged(snncc, answer, tiny, tmp_path):
    said = "  schedule cosine(epochs = 4)\n  epochs 2"
    tiny.write_text(tiny.read_text().replace("  epochs 2", said))
    snncc("train", tiny, "--out", "whole", *SHORT, "--epochs", 4)
    snncc("train", tiny, "--out", "run", *SHORT)
    *epochs, _ = answer("train", "--resume", "--out", "run", "--epochs", 4)
    assert [epoch["learning_rate"] for epoch in epochs] == pytest.approx([0.001, 0.000292893])
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()
    status, _, err = snncc("train", "--resume", "--out", "run", "--epochs", 6)
    assert status == 1
    assert "error[E051]: the learning rate of `cosine` is 0 in the last of 6 epochs" in err


def test_a_changed_program_is_not_resumed(snncc, tiny):
    snncc("train", tiny, "--out", "run", *SHORT)
    tiny.write_text(tiny.read_text().replace("lr = 0.002", "lr = 0.003"))
    status, _, err = snncc("train", "--resume", "--out", "run")
    assert status == 1
    assert "belongs to another training" in err


def test_a_run_goes_on_on_another_target(snncc, tiny, tmp_path, monkeypatch):
    """To the same weights, where the two compute alike, and its models are of the new target."""
    monkeypatch.setitem(TARGETS, "gpu", replace(TARGETS["cpu"], name="gpu"))
    snncc("train", tiny, "--out", "straight", *SHORT, "--epochs", 2)
    snncc("train", tiny, "--out", "run", *SHORT, "--epochs", 1)
    assert snncc("train", "--resume", "--out", "run", "--target", "gpu", "--epochs", 2)[0] == 0
    straight, run = (open_model(tmp_path / n / "last.snnpkg") for n in ("straight", "run"))
    assert (straight.target, run.target) == ("cpu", "gpu")
    assert run.model == straight.model
    assert snncc("train", "--resume", "--out", "run", "--epochs", 3)[0] == 0
    assert open_model(tmp_path / "run" / "last.snnpkg").target == "gpu"


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", 7),
        ("--seed", 0),
        ("--batch", 2),
        ("--limit", 5),
        ("--test-limit", 3),
        ("--holdout", 0.1),
        ("-D", "gain=1"),
        ("--network", "tiny"),
        ("--overwrite",),
    ],
    ids=str,
)
def test_a_resumed_run_takes_no_other_options(snncc, tiny, tmp_path, words):
    snncc("train", tiny, "--out", "run", *SHORT)
    before = contents(tmp_path / "run")
    status, _, err = snncc("train", "--resume", "--out", "run", "--threads", 1, *words)
    assert status == 2
    text = " ".join(err.replace("│", "").split())
    assert f"takes no {'--define' if words[0] == '-D' else words[0]};" in text
    assert "what it takes is --out, --target, --threads" in text
    assert contents(tmp_path / "run") == before


def test_a_resumed_run_takes_these(snncc, tiny, tmp_path):
    snncc("train", tiny, "--out", "run", *SHORT)
    moved = tiny.rename(tmp_path / "moved.snn")
    words = ("--out", "run", "--threads", 1, "--epochs", 3, "--checkpoint-every", 9, "--quiet")
    assert snncc("train", moved, "--resume", *words) == (0, "", "")
    options = json.loads((tmp_path / "run" / "run.json").read_text())["options"]
    assert options["program"] == str(moved)
    assert (options["epochs"], options["checkpoint_seconds"]) == (3, 9.0)
    assert snncc("train", "--resume", "--out", "run", "--quiet")[0] == 0
    options = json.loads((tmp_path / "run" / "run.json").read_text())["options"]
    assert options["checkpoint_seconds"] == 9.0


def test_a_run_goes_on_with_the_same_samples_held_out(snncc, answer, tiny, tmp_path):
    words = (*SHORT, "--holdout", 0.2)
    snncc("train", tiny, "--out", "whole", *words, "--epochs", 3)
    snncc("train", tiny, "--out", "run", *words)
    answer("train", "--resume", "--out", "run", "--epochs", 3)
    for name in ("last.snnpkg", "model.snnpkg"):
        whole, run = (tmp_path / n / name for n in ("whole", "run"))
        assert whole.read_bytes() == run.read_bytes()
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    document["options"]["holdout"] = 0.3
    (tmp_path / "run" / "run.json").write_text(json.dumps(document))
    status, _, err = snncc("train", "--resume", "--out", "run")
    assert status == 1
    assert "belongs to another training" in err


def test_averaged_weights_go_on_to_the_same_bits(snncc, tiny, tmp_path):
    tiny.write_text(tiny.read_text().replace("  epochs 2", "  average last(3)\n  epochs 2"))
    snncc("train", tiny, "--out", "whole", *SHORT, "--epochs", 4)
    snncc("train", tiny, "--out", "run", *SHORT)
    assert snncc("train", "--resume", "--out", "run", "--epochs", 4)[0] == 0
    for name in ("last.snnpkg", "model.snnpkg"):
        whole, run = (tmp_path / n / name for n in ("whole", "run"))
        assert whole.read_bytes() == run.read_bytes()


def test_a_finished_run_says_so(snncc, tiny):
    snncc("train", tiny, "--out", "my run", *SHORT)
    status, out, err = snncc("train", "--resume", "--out", "my run")
    assert status == 0
    assert "my run is finished: epoch 2 of 2" in err
    assert "snncc train --resume --out 'my run' --epochs 3" in err
    assert "going on" not in err
    assert "best: epoch" in out


def test_nothing_to_resume(snncc):
    assert snncc("train", "--resume", "--out", "none")[0] == 1
    assert snncc("train", "--resume")[0] == 2
    assert snncc("train")[0] == 2
