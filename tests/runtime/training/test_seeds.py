import json
from statistics import fmean

import pytest
from refusal import refused

from snncc.runtime.training.figures import Figure, Figures
from snncc.runtime.training.options import TrainOptions
from snncc.runtime.training.run_folder import RUN, SEEDS, are_seeds
from snncc.runtime.training.seeds import (
    Spread,
    noted,
    read_seeds,
    seed_folder,
    spreads,
    started,
    write_seeds,
)

OPTIONS = TrainOptions("a.snn", epochs=3)


def test_seeds_and_options_are_noted(tmp_path):
    assert not are_seeds(tmp_path)
    write_seeds(tmp_path, (4, 2**64 - 1), OPTIONS)
    assert are_seeds(tmp_path)
    assert read_seeds(tmp_path) == ((4, 2**64 - 1), OPTIONS)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"seeds": [1]},
        {"seeds": [], "options": {"program": "a.snn"}},
        {"seeds": [1, 1], "options": {"program": "a.snn"}},
        {"seeds": [-1], "options": {"program": "a.snn"}},
        {"seeds": ["1"], "options": {"program": "a.snn"}},
        {"seeds": [1], "options": {"program": 3}},
        {"seeds": 1, "options": []},
    ],
    ids=str,
)
def test_a_damaged_note(tmp_path, document):
    (tmp_path / SEEDS).write_text(json.dumps(document))
    assert "is damaged" in refused("E060", read_seeds, tmp_path).message


def test_the_note_stays_if_a_run_was_started(tmp_path):
    with noted(tmp_path, (1, 2), OPTIONS):
        assert are_seeds(tmp_path)
    assert not are_seeds(tmp_path)
    with noted(tmp_path, (1, 2), OPTIONS):
        seed_folder(tmp_path, 2).mkdir()
        (seed_folder(tmp_path, 2) / RUN).touch()
    assert are_seeds(tmp_path)
    assert started(tmp_path, (1, 2)) == (tmp_path / "seed-2",)


def test_mean_and_deviation_of_several_runs():
    values = (0.90, 0.93, 0.96, 0.89)
    found = [Figures("test", {"last": Figure(value, (3, 3))}) for value in values]
    deviation = (sum((value - fmean(values)) ** 2 for value in values) / 3) ** 0.5
    assert spreads(found) == {"last": Spread(pytest.approx(0.92), pytest.approx(deviation), 4)}
    assert spreads(found[:1]) == {"last": Spread(0.9, None, 1)}
