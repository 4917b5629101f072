import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from refusal import refusals, refused

from snncc.runtime.training.checkpoint import (
    Checkpoint,
    latest,
    newest_first,
    open_checkpoint,
    require_like,
    save_checkpoint,
)
from snncc.runtime.training.progress import fresh

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def checkpoint(learning):
    trainer = learning.trainer()
    progress = learning.run(trainer)
    progress.predictions[:50] = 1
    past = tuple({"weights/w": trainer.matrix - k} for k in (2, 1))
    return Checkpoint(
        "abc", trainer.state(), replace(progress, position=50, seconds=2.5, past=past)
    )


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def at(checkpoint, position):
    return replace(checkpoint, progress=replace(checkpoint.progress, position=position))


def test_round_trip_is_bit_exact(tmp_path, checkpoint):
    read = open_checkpoint(save_checkpoint(tmp_path, checkpoint))
    assert read.digest == "abc"
    assert {n: (a.dtype, a.tobytes()) for n, a in read.state.items()} == {
        n: (a.dtype, a.tobytes()) for n, a in checkpoint.state.items()
    }
    assert [then["weights/w"].tobytes() for then in read.progress.past] == [
        then["weights/w"].tobytes() for then in checkpoint.progress.past
    ]
    for name in ("importance", "predictions", "cost", "activity"):
        mine, theirs = getattr(read.progress, name), getattr(checkpoint.progress, name)
        assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes())
        assert mine.flags.writeable
    for name in ("epoch", "position", "seconds", "history"):
        assert getattr(read.progress, name) == getattr(checkpoint.progress, name)


def test_the_two_newest_are_kept(tmp_path, checkpoint):
    for position in (0, 50, 100):
        save_checkpoint(tmp_path, at(checkpoint, position))
    positions = [open_checkpoint(p).progress.position for p in newest_first(tmp_path)]
    assert positions == [100, 50]


def test_a_damaged_newest_one_gives_way_to_the_one_before(tmp_path, checkpoint):
    save_checkpoint(tmp_path, at(checkpoint, 50))
    damage(save_checkpoint(tmp_path, at(checkpoint, 100)))
    found = latest(tmp_path, "abc")
    assert found is not None
    assert found.progress.position == 50


def test_when_all_are_damaged_it_does_not_start_anew_in_silence(tmp_path, checkpoint):
    damage(save_checkpoint(tmp_path, at(checkpoint, 50)))
    damage(save_checkpoint(tmp_path, at(checkpoint, 100)))
    assert [d.code for d in refusals(latest, tmp_path, "abc")] == ["E060", "E060"]


def test_none_at_all(tmp_path):
    assert latest(tmp_path / "nowhere", "abc") is None


def test_a_leftover_of_a_killed_write_is_not_taken(tmp_path, checkpoint):
    path = save_checkpoint(tmp_path, checkpoint)
    (tmp_path / f".{path.name}.1-ab.part").write_bytes(b"half")
    assert newest_first(tmp_path) == [path]


def test_another_program_is_refused(tmp_path, checkpoint):
    save_checkpoint(tmp_path, checkpoint)
    assert "belongs to another training" in refused("E060", latest, tmp_path, "other").message


@pytest.mark.parametrize(
    "broken",
    [
        {"position": 151},
        {"epoch": -1},
        {"predictions": np.zeros(3, np.int32)},
        {"importance": np.zeros(150, np.float64)},
        {"activity": np.zeros((2, 2), np.int64)},
    ],
)
def test_whole_but_impossible_ones_are_refused(tmp_path, broken):
    checkpoint = Checkpoint("abc", {}, replace(fresh(150, 9), **broken))
    path = save_checkpoint(tmp_path, checkpoint)
    refused("E060", open_checkpoint, path)


def test_one_of_the_first_format_is_refused_with_a_way_out(tmp_path):
    """Its run's digest was of another text of the network, so that none could go on from it."""
    shutil.copy(GOLDEN / "artifact" / "first_checkpoint.snnpkg", tmp_path / "1-0.snnpkg")
    diagnostic = refused("E060", latest, tmp_path, "abc")
    assert "was written by an earlier snncc" in diagnostic.message
    assert "finish the run with the version that began it" in diagnostic.help


@pytest.mark.parametrize(("samples", "neurons"), [(149, 9), (150, 8)])
def test_a_state_of_other_sizes_is_refused(checkpoint, samples, neurons):
    """Its checksums are right, and so is the digest of what it depends on."""
    require_like(checkpoint.progress, fresh(150, 9))
    found = refused("E060", require_like, checkpoint.progress, fresh(samples, neurons))
    assert "the checkpoint is of 150 samples and 9 neurons" in found.message


@pytest.mark.parametrize("change", [{"seconds": 10**400}, {"epoch": 2**63}, {"position": True}])
def test_numbers_that_no_run_has(tmp_path, checkpoint, change):
    changed = replace(checkpoint, progress=replace(checkpoint.progress, **change))
    assert (
        "lacks something"
        in refused("E060", open_checkpoint, save_checkpoint(tmp_path, changed)).message
    )


@pytest.mark.parametrize(
    "then",
    [
        {"weights/v": np.zeros((6, 3), np.float32)},
        {"weights/w": np.zeros((3, 6), np.float32)},
        {"weights/w": np.zeros((6, 3), np.float64)},
        {"optimizer/speed": np.zeros((6, 3), np.float32)},
    ],
    ids=lambda then: str([(n, a.dtype, a.shape) for n, a in then.items()]),
)
def test_epochs_before_that_learnt_something_else_are_refused(tmp_path, checkpoint, then):
    past = (checkpoint.progress.past[0], then)
    path = save_checkpoint(
        tmp_path, replace(checkpoint, progress=replace(checkpoint.progress, past=past))
    )
    refused("E060", open_checkpoint, path)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_an_importance_that_no_sample_has(tmp_path, checkpoint, value):
    checkpoint.progress.importance[3] = value
    refused("E060", open_checkpoint, save_checkpoint(tmp_path, checkpoint))
