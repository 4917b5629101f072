import json
from dataclasses import replace

import pytest

from snncc.backends.artifact.model import open_model
from snncc.backends.targets import TARGETS
from snncc.ir.diagnostics import CompileError, Diagnostic
from snncc.runtime.cli import following
from snncc.runtime.cli.streams import Lost
from snncc.runtime.interrupt import SIGNALS
from snncc.runtime.training.history import read_history
from snncc.runtime.training.lock import hold

pytestmark = pytest.mark.usefixtures("perceptron_target")

SHORT = ("--limit", 100, "--test-limit", 40)


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


def test_a_part_held_out_chooses_the_epoch(answer, tiny, tmp_path):
    """By a line of the block or by the option, which overrides it."""
    tiny.write_text(tiny.read_text().replace("  epochs 2", "  holdout 0.2\n  epochs 4"))
    *epochs, done = answer("train", tiny, "--out", "run", *SHORT)
    held = [epoch["holdout_accuracy"] for epoch in epochs]
    assert done["best"]["epoch"] == 1 + held.index(max(held))
    assert done["figures"]["best_by_holdout"]["epochs"] == [done["best"]["epoch"]] * 2
    assert done["figures"]["last"]["accuracy"] == epochs[-1]["test_accuracy"]
    assert done["figures"]["of"] == "test"
    assert round(held[0] * 20) == pytest.approx(held[0] * 20)
    *epochs, _ = answer("train", tiny, "--out", "none", *SHORT, "--holdout", 0)
    assert {epoch["holdout_accuracy"] for epoch in epochs} == {None}
    tiny.write_text(tiny.read_text().replace("  holdout 0.2\n", ""))
    answer("train", tiny, "--out", "plain", *SHORT)
    plain, none = (tmp_path / n / "last.snnpkg" for n in ("plain", "none"))
    assert plain.read_bytes() == none.read_bytes()


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupted_run_goes_on_to_the_same_weights(snncc, tiny, tmp_path, stopping, number):
    snncc("train", tiny, "--out", "whole", *SHORT)
    stopping(3, number)
    status, _, err = snncc("train", tiny, "--out", "run", *SHORT)
    assert status == 130
    assert "snncc train --resume --out run" in err
    status, _, err = snncc("train", "--resume", "--out", "run")
    assert status == 0
    assert "going on in epoch 1" in err
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()
    assert len(json.loads((tmp_path / "run" / "run.json").read_text())["sessions"]) == 2


def test_a_run_whose_output_is_lost_stops_where_it_can_go_on(snncc, tiny, tmp_path, monkeypatch):
    """As in `snncc train | head -1`: with all of the epoch that could not be told."""
    snncc("train", tiny, "--out", "whole", *SHORT)

    def lost(*_):
        raise Lost(BrokenPipeError())

    with monkeypatch.context() as patch:
        patch.setattr(following, "epoch_line", lost)
        with pytest.raises(Lost):
            snncc("train", tiny, "--out", "run", *SHORT)
    assert len(read_history(tmp_path / "run" / "history.jsonl")) == 1
    assert snncc("train", "--resume", "--out", "run")[0] == 0
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run"))
    assert whole.read_bytes() == run.read_bytes()


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


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("network tiny", "netwrk tiny"),
        lambda text: text.replace("data digits", 'data csv(path = "nope.csv")'),
        lambda text: text.replace("image[64]", "image[63]"),
        lambda text: text.split("train tiny")[0],
    ],
    ids=["syntax", "no data", "other data", "no train block"],
)
def test_a_run_is_not_lost_to_one_that_cannot_start(snncc, tiny, tmp_path, change):
    snncc("train", tiny, "--out", "run", *SHORT)
    before = contents(tmp_path / "run")
    tiny.write_text(change(tiny.read_text()))
    assert snncc("train", tiny, "--out", "run", "--overwrite")[0] == 1
    assert contents(tmp_path / "run") == before


def test_a_run_is_not_lost_to_a_trainer_that_cannot_be_made(snncc, tiny, tmp_path, monkeypatch):
    snncc("train", tiny, "--out", "run", *SHORT)
    before = contents(tmp_path / "run")

    def refuse(*_):
        raise CompileError(Diagnostic("E050", "it cannot"))

    monkeypatch.setitem(TARGETS, "cpu", replace(TARGETS["cpu"], train=refuse))
    assert snncc("train", tiny, "--out", "run", "--overwrite")[0] == 1
    assert contents(tmp_path / "run") == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [(), ("--overwrite",), ("--resume",)], ids=str)
def test_nobody_else_trains_in_the_folder_of_a_run(snncc, tiny, tmp_path, words):
    """Whether it is there already or is just about to be."""
    program = () if "--resume" in words else (tiny, *SHORT)
    for step in range(2):
        if step or "--resume" in words:
            snncc("train", tiny, "--out", "run", *SHORT, "--overwrite")
        before = contents(tmp_path)
        with hold(tmp_path / "run"):
            status, _, err = snncc("train", *program, "--out", "run", *words)
        assert status == 1
        assert "another process trains in `run`" in err
        assert contents(tmp_path) == before


def test_the_model_of_a_run_that_goes_on_can_be_used(snncc, tiny, tmp_path):
    snncc("train", tiny, "--out", "run", *SHORT)
    with hold(tmp_path / "run"):
        assert snncc("inspect", "run")[0] == 0


def test_overwriting_replaces_all_of_a_run(snncc, tiny, tmp_path):
    for number, epochs in enumerate((3, 1)):
        snncc("train", tiny, *SHORT, "--epochs", epochs, "--overwrite", "--seed", number)
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["tiny"]
    run = tmp_path / "runs" / "tiny"
    assert len(read_history(run / "history.jsonl")) == 1
    assert len(json.loads((run / "run.json").read_text())["sessions"]) == 1
    assert [p.name for p in (run / "checkpoints").iterdir()] == ["000001-0000000000.snnpkg"]
    assert open_model(run / "last.snnpkg").model.seed == 1


def test_overwriting_spares_what_no_run_has_left(snncc, tiny, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.snnpkg").write_text("mine")
    for words in ((), ("--overwrite",)):
        status, _, err = snncc("train", tiny, *SHORT, "--out", "mine", *words)
        assert status == 1
        assert "error[E063]" in err
    assert contents(tmp_path / "mine") == {tmp_path / "mine" / "model.snnpkg": b"mine"}


def test_seeds_have_64_bits(snncc, tiny):
    assert snncc("train", tiny, "--out", "run", *SHORT, "--seed", 2**64)[0] == 2
    assert snncc("train", tiny, "--out", "run", *SHORT, "--seed", 2**64 - 1)[0] == 0
    assert snncc("run", "run", "--limit", 1)[0] == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [(name, 2**63) for name in ("--epochs", "--batch", "--limit", "--test-limit")]
    + [("--checkpoint-every", "nan"), ("--holdout", 1), ("--holdout", "nan")],
)
def test_numbers_that_run_json_would_not_take(snncc, tiny, tmp_path, option, value):
    assert snncc("train", tiny, "--out", "run", option, value)[0] == 2
    assert not (tmp_path / "run").exists()


def test_a_folder_of_an_impossible_name(snncc, tiny):
    status, _, err = snncc("train", tiny, "--out", "n" * 300)
    assert status == 1
    assert "error[E063]" in err


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_that_are_lost_leave_the_best_model(snncc, tiny, tmp_path, perceptron_target):
    train, calls = perceptron_target.train, []

    def losing(self, *arguments):
        calls.append(1)
        outcome = train(self, *arguments)
        if self.matrix.any() and len(read(tmp_path / "run" / "history.jsonl")) == 1:
            self.matrix[:] = float("nan")
        return outcome

    def read(path):
        return path.read_text().splitlines() if path.exists() else []

    perceptron_target.train = losing
    try:
        status, _, err = snncc("train", tiny, "--out", "run", *SHORT)
    finally:
        perceptron_target.train = train
    assert status == 1
    assert "error[E052]" in err
    assert "epoch 2" in err
    assert len(read(tmp_path / "run" / "history.jsonl")) == 1
    assert open_model(tmp_path / "run" / "model.snnpkg").model.values


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


def test_a_run_starts_from_a_model(snncc, tiny, tmp_path):
    assert snncc("train", tiny, "--out", "a", *SHORT)[0] == 0
    assert snncc("train", tiny, "--out", "b", *SHORT, "--from", "a", "--epochs", 1)[0] == 0
    start = open_model(tmp_path / "b" / "start.snnpkg").model
    best = open_model(tmp_path / "a" / "model.snnpkg").model
    assert (start.weights("image->digit") == best.weights("image->digit")).all()
    assert (
        open_model(tmp_path / "b" / "last.snnpkg").model.weights("image->digit")
        != start.weights("image->digit")
    ).any()
    assert snncc("train", "--resume", "--out", "b", "--epochs", 2)[0] == 0
    assert snncc("train", tiny, "--out", "b", *SHORT, "--overwrite")[0] == 0
    assert not (tmp_path / "b" / "start.snnpkg").exists()
