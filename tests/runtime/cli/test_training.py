import json
import os
import signal
from dataclasses import replace

import pytest

from snncc.backends.artifact.model import open_model
from snncc.backends.targets import TARGETS
from snncc.runtime.history import read_history

pytestmark = pytest.mark.usefixtures("perceptron_target")

SHORT = ("--limit", 100, "--test-limit", 40)


@pytest.fixture
def stopping(perceptron_target, monkeypatch):
    """The user presses Ctrl-C while the call of that number runs."""

    def stop_in(call):
        train, calls = perceptron_target.train, []

        def interrupted(self, *arguments):
            calls.append(1)
            if len(calls) == call:
                os.kill(os.getpid(), signal.SIGINT)
            return train(self, *arguments)

        monkeypatch.setattr(perceptron_target, "train", interrupted)

    return stop_in


def test_a_run_leaves_everything_in_its_folder(snncc, tiny, tmp_path):
    status, out, _ = snncc("train", tiny, "--out", "run", *SHORT)
    assert status == 0
    assert "epoch 2/2" in out
    assert "best: epoch" in out
    names = {p.name for p in (tmp_path / "run").iterdir()}
    assert names == {"run.json", "history.jsonl", "checkpoints", "model.snnpkg", "last.snnpkg"}
    assert len(read_history(tmp_path / "run" / "history.jsonl")) == 2
    assert open_model(tmp_path / "run" / "model.snnpkg").data.kind == "digits"


def test_run_json_tells_how_to_do_it_again(snncc, tiny, tmp_path):
    snncc("train", tiny, "--out", "run", *SHORT, "--seed", 5, "-D", "gain=0.2")
    document = json.loads((tmp_path / "run" / "run.json").read_text())
    assert document["options"]["seed"] == 5
    assert document["options"]["defines"] == {"gain": "0.2"}
    (session,) = document["sessions"]
    assert session["versions"]["numpy"]
    assert session["machine"]["processor"]


def test_machines_get_a_line_an_epoch(answer, tiny):
    first, second, done = answer("train", tiny, "--out", "run", *SHORT)
    assert [first["event"], second["event"], done["event"]] == ["epoch", "epoch", "done"]
    assert first["rates"][0]["population"] == "image"
    assert first["samples_per_second"] > 0


def test_overrides(answer, tiny):
    *epochs, done = answer(
        "train", tiny, *SHORT[:2], "--epochs", 3, "--batch", 7, "--test-limit", 0
    )
    assert [e["epoch"] for e in epochs] == [1, 2, 3]
    assert epochs[0]["test_accuracy"] is None
    assert done["folder"] == "runs/tiny"


def test_an_interrupted_run_goes_on_to_the_same_weights(snncc, tiny, tmp_path, stopping):
    snncc("train", tiny, "--out", "whole", *SHORT)
    stopping(3)
    status, _, err = snncc("train", tiny, "--out", "run", *SHORT)
    assert status == 130
    assert "snncc train --resume --out run" in err
    status, _, err = snncc("train", "--resume", "--out", "run")
    assert status == 0
    assert "going on in epoch 1" in err
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]) == 2


def test_a_finished_run_can_be_prolonged(snncc, answer, tiny, tmp_path):
    snncc("train", tiny, "--out", "whole", *SHORT, "--epochs", 3)
    snncc("train", tiny, "--out", "run", *SHORT)
    (epoch, _) = answer("train", "--resume", "--out", "run", "--epochs", 3)
    assert epoch["epoch"] == 3
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()


def test_a_changed_program_is_not_resumed(snncc, tiny):
    snncc("train", tiny, "--out", "run", *SHORT)
    tiny.write_text(tiny.read_text().replace("lr = 0.002", "lr = 0.003"))
    status, _, err = snncc("train", "--resume", "--out", "run")
    assert status == 1
    assert "belongs to another training" in err


def test_a_run_is_not_overwritten_unasked(snncc, tiny, tmp_path):
    snncc("train", tiny, "--out", "run", *SHORT)
    status, _, err = snncc("train", tiny, "--out", "run", *SHORT)
    assert status == 1
    assert "--resume" in err
    (tmp_path / "run" / "notes.txt").touch()
    assert snncc("train", tiny, "--out", "run", *SHORT, "--overwrite")[0] == 0
    assert (tmp_path / "run" / "notes.txt").exists()


def test_the_default_folder_is_a_new_one(snncc, tiny, tmp_path):
    for _ in range(2):
        assert snncc("train", tiny, *SHORT, "--epochs", 1)[0] == 0
    assert {p.name for p in (tmp_path / "runs").iterdir()} == {"tiny", "tiny-2"}


def test_nothing_to_resume(snncc):
    assert snncc("train", "--resume", "--out", "none")[0] == 1
    assert snncc("train", "--resume")[0] == 2
    assert snncc("train")[0] == 2


def test_a_program_without_a_plan(snncc, tiny):
    tiny.write_text(tiny.read_text().split("train tiny")[0])
    status, _, err = snncc("train", tiny)
    assert status == 1
    assert "no train block" in err


def test_data_that_do_not_fit_are_shown_in_the_program(snncc, tiny):
    tiny.write_text(tiny.read_text().replace("image[64]", "image[63]"))
    status, _, err = snncc("train", tiny)
    assert status == 1
    assert "error[E062]" in err
    assert "tiny.snn:" in err


def test_own_data_are_sought_beside_the_program(snncc, tiny, tmp_path, monkeypatch):
    row = ",".join(["0.5"] * 64)
    (tmp_path / "own.csv").write_text("".join(f"{row},{k % 10}\n" for k in range(50)))
    tiny.write_text(tiny.read_text().replace("data digits", 'data csv(path = "own.csv")'))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    status, _, err = snncc("train", tiny, "--out", "run")
    assert status == 0, err


def test_a_target_that_cannot_work_is_warned_of(snncc, answer, tiny):
    tiny.write_text(tiny.read_text().replace("target = 3", "target = 4"))
    status, _, err = snncc("train", tiny, *SHORT, "--epochs", 1)
    assert status == 0
    assert err.count("warning[W050]") == 1
    first, *_ = answer("train", tiny, *SHORT, "--epochs", 1)
    assert (first["event"], first["code"]) == ("warning", "W050")


def test_quiet_is_quiet(snncc, tiny):
    assert snncc("train", tiny, "--out", "run", *SHORT, "--quiet") == (0, "", "")


def test_a_target_that_is_not_here_trains_nothing(snncc, tiny, tmp_path, monkeypatch):
    reason = "numba-cuda is not installed: pip install ..."
    row = replace(TARGETS["gpu"], available=lambda: reason)
    monkeypatch.setitem(TARGETS, "gpu", row)
    status, out, err = snncc("train", tiny, "--target", "gpu", "--out", "run")
    assert (status, out) == (1, "")
    assert err == f"error[E070]: target `gpu` is not available here\nhelp: {reason}\n"
    assert not (tmp_path / "run").exists()
