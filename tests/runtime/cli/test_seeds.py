"""A training by several seeds."""

from statistics import fmean

import pytest

from snncc.backends.artifact.model import open_model

pytestmark = pytest.mark.usefixtures("perceptron_target")

SHORT = ("--limit", 100, "--test-limit", 40)


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_by_each_seed_and_a_table_of_all(snncc, answer, tiny, tmp_path):
    documents = answer("train", tiny, "--out", "many", *SHORT, "--seeds", "3..4,9")
    assert [d["seed"] for d in documents if d["event"] == "seed"] == [3, 4, 9]
    ends = [d["figures"]["last"]["accuracy"] for d in documents if d["event"] == "done"]
    table = documents[-1]
    assert (table["event"], table["folder"], table["figures"]["of"]) == ("seeds", "many", "test")
    last = table["figures"]["last"]
    assert last == {"mean": pytest.approx(fmean(ends)), "sd": pytest.approx(last["sd"]), "n": 3}
    assert set(table["figures"]) == {"of", "last", "mean_of_last_5", "best_on_test"}
    snncc("train", tiny, "--out", "one", *SHORT, "--seed", 4)
    one, four = (tmp_path / n / "last.snnpkg" for n in ("one", "many/seed-4"))
    assert one.read_bytes() == four.read_bytes()
    assert open_model(tmp_path / "many/seed-9/model.snnpkg").model.seed == 9


def test_finished_seeds_are_not_done_again(snncc, tiny, tmp_path, perceptron_target, monkeypatch):
    snncc("train", tiny, "--out", "whole", *SHORT, "--seed", 2)
    train, calls = perceptron_target.train, []

    def dying(self, *arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return train(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(perceptron_target, "train", dying)
        assert snncc("train", tiny, "--out", "run", *SHORT, "--seeds", "1,2", "--epochs", 1)[0]
    assert (tmp_path / "run/seed-1/last.snnpkg").exists()
    before = contents(tmp_path / "run/seed-1/checkpoints")
    status, out, err = snncc("train", "--resume", "--out", "run", "--epochs", 1)
    assert status == 0
    assert contents(tmp_path / "run/seed-1/checkpoints") == before
    assert "run/seed-1 is finished" in err
    assert "seed 2" in err
    assert "best on test" in out
    assert snncc("train", "--resume", "--out", "run", "--epochs", 2)[0] == 0
    whole, run = (tmp_path / n / "last.snnpkg" for n in ("whole", "run/seed-2"))
    assert whole.read_bytes() == run.read_bytes()


def test_a_stopped_one_says_how_all_go_on(snncc, tiny, stopping):
    stopping(2)
    status, _, err = snncc("train", tiny, "--out", "run", *SHORT, "--seeds", "1..2")
    assert status == 130
    assert "go on by: snncc train --resume --out run\n" in err


def test_seeds_may_be_added_or_left_out(answer, tiny):
    answer("train", tiny, "--out", "run", *SHORT, "--seeds", "1")
    documents = answer("train", "--resume", "--out", "run", "--seeds", "1..2")
    assert documents[-1]["figures"]["last"]["n"] == 2
    documents = answer("train", "--resume", "--out", "run", "--seeds", "2")
    assert documents[-1]["figures"]["last"] == {
        "mean": documents[-2]["figures"]["last"]["accuracy"],
        "sd": None,
        "n": 1,
    }


@pytest.mark.parametrize(
    "seeds", ["", "x", "1..", "5..1", "1,1", "-1", "1..2..3", "0..1000", "0..99999999999999999999"]
)
def test_what_are_no_seeds(snncc, tiny, tmp_path, seeds):
    assert snncc("train", tiny, "--out", "run", "--seeds", seeds)[0] == 2
    assert not (tmp_path / "run").exists()


def test_what_seeds_do_not_go_with(snncc, tiny, tmp_path):
    for words in (("--seed", 1), ("--overwrite",)):
        assert snncc("train", tiny, "--out", "run", "--seeds", "1..2", *words)[0] == 2
    snncc("train", tiny, "--out", "one", *SHORT)
    assert snncc("train", "--resume", "--out", "one", "--seeds", "1..2")[0] == 2
    before = contents(tmp_path / "one")
    assert snncc("train", tiny, "--out", "one", *SHORT, "--seeds", "1..2")[0] == 1
    assert contents(tmp_path / "one") == before


def test_a_folder_of_seeds_is_not_overwritten(snncc, tiny, tmp_path):
    snncc("train", tiny, "--out", "run", *SHORT, "--seeds", "1")
    before = contents(tmp_path / "run")
    for words in ((), ("--seeds", "2"), ("--overwrite",)):
        status, _, err = snncc("train", tiny, "--out", "run", *SHORT, *words)
        assert status == 1
        assert "error[E063]" in err
    assert contents(tmp_path / "run") == before


def test_the_model_of_one_of_the_runs_is_to_be_named(snncc, tiny):
    snncc("train", tiny, "--out", "run", *SHORT, "--seeds", "1")
    status, _, err = snncc("eval", "run")
    assert status == 1
    assert "name the run by one of its seeds" in err
    assert snncc("eval", "run/seed-1", "--limit", 5)[0] == 0


def test_a_program_that_cannot_start_leaves_nothing(snncc, tiny, tmp_path):
    tiny.write_text(tiny.read_text().replace("image[64]", "image[63]"))
    assert snncc("train", tiny, "--out", "run", "--seeds", "1..2")[0] == 1
    assert not (tmp_path / "run").exists()
