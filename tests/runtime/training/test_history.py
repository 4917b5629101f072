import json
import math
from dataclasses import replace

import pytest
from refusal import refused

from snncc.runtime.training.activity import Rates
from snncc.runtime.training.figures import figures
from snncc.runtime.training.history import (
    FLOATS,
    INTEGERS,
    EpochRecord,
    best,
    last_phase,
    read_history,
    to_document,
    write_history,
)

RECORD = EpochRecord(1, 1e-3, 0.5, 91.25, 0.75, 1 / 3, 3e3, (Rates("h", 0.1, 0.2, 0.3, 0.4),))


def test_round_trip(tmp_path):
    history = (RECORD, replace(RECORD, epoch=2, test_accuracy=None))
    write_history(tmp_path / "h.jsonl", history)
    assert read_history(tmp_path / "h.jsonl") == history


def test_a_cost_that_is_no_number_is_kept(tmp_path):
    write_history(tmp_path / "h.jsonl", (replace(RECORD, cost=math.nan),))
    assert math.isnan(read_history(tmp_path / "h.jsonl")[0].cost)


@pytest.mark.parametrize("line", ["{", "3", "[]", '{"epoch": 1}', '{"rates": 3}', "\x80"])
def test_a_line_that_is_none_is_named(tmp_path, line):
    write_history(tmp_path / "h.jsonl", (RECORD,))
    with (tmp_path / "h.jsonl").open("a") as file:
        file.write(line + "\n")
    assert "line 2" in refused("E060", read_history, tmp_path / "h.jsonl").message


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": "x"},
        {"phase": "warm"},
        {"epoch": 0},
        {"epoch": 1.5},
        {"epoch": True},
        {"train_accuracy": "k"},
        {"train_accuracy": 1.5},
        {"test_accuracy": ""},
        {"train_accuracy": None},
        {"holdout_accuracy": 1.5},
        {"test_accuracy": math.nan},
        {"cost": [1]},
        {"seconds": -1},
        {"samples_per_second": None},
        {"learning_rate": "1"},
        {"rates": [{"population": 1, "rate": 0, "dead": 0, "saturated": 0, "use": 0}]},
        {"rates": [{"population": "h", "rate": 0, "dead": "", "saturated": 0, "use": 0}]},
    ],
    ids=str,
)
def test_a_record_of_other_values_is_refused(tmp_path, changes):
    document = json.dumps({**to_document(RECORD), **changes})
    (tmp_path / "h.jsonl").write_text(document)
    assert "line 1" in refused("E060", read_history, tmp_path / "h.jsonl").message


def test_a_record_of_a_version_that_held_nothing_out(tmp_path):
    document = to_document(RECORD)
    del document["holdout_accuracy"]
    (tmp_path / "h.jsonl").write_text(json.dumps(document))
    assert read_history(tmp_path / "h.jsonl") == (RECORD,)


def test_a_history_of_nothing_is_refused(tmp_path):
    (tmp_path / "h.jsonl").touch()
    assert "no record" in refused("E060", read_history, tmp_path / "h.jsonl").message


def test_the_best_is_the_first_of_the_highest_test_accuracy():
    history = [replace(RECORD, epoch=k, test_accuracy=a) for k, a in enumerate((0.1, 0.9, 0.9))]
    assert best(tuple(history)) is history[1]
    assert best(()) is None
    held = [replace(r, holdout_accuracy=0.5 - r.epoch / 10) for r in history]
    assert best(tuple(held)) is held[0]
    averaged = [replace(r, average_holdout_accuracy=r.epoch / 10) for r in held]
    assert best(tuple(averaged)) is averaged[2]
    untested = [replace(r, test_accuracy=None, train_accuracy=r.epoch) for r in history]
    assert best(tuple(untested)) is untested[2]


def test_the_best_epoch_is_of_the_integers_where_these_follow_floats():
    floats = replace(RECORD, phase=FLOATS, test_accuracy=0.9)
    coded = replace(RECORD, epoch=2, phase=INTEGERS, test_accuracy=0.8)
    assert best((floats,)) is floats
    assert best((floats, coded)) is coded
    assert last_phase((floats, coded)) == (coded,)
    named = figures((floats, coded)).named
    assert {figure.accuracy for figure in named.values()} == {0.8}
