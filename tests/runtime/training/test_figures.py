from dataclasses import replace

import pytest

from snncc.runtime.training.figures import Figure, figures
from snncc.runtime.training.history import EpochRecord

RECORD = EpochRecord(1, 1e-3, 0.5, 91.25, 0.75, 1.0, 3e3, ())


def history(tests, held=None):
    held = held or [None] * len(tests)
    return tuple(
        replace(RECORD, epoch=k, test_accuracy=test, holdout_accuracy=out, train_accuracy=k / 10)
        for k, (test, out) in enumerate(zip(tests, held, strict=True), 1)
    )


def test_each_figure_has_its_name_and_its_epochs():
    tests = (0.1, 0.9, 0.8, 0.7, 0.8, 0.6, 0.85)
    held = (0.2, 0.3, 0.9, 0.4, 0.9, 0.1, 0.5)
    assert figures(history(tests, held)) == (
        "test",
        {
            "last": Figure(0.85, (7, 7)),
            "best_by_holdout": Figure(0.8, (3, 3)),
            "mean_of_last_5": Figure(pytest.approx(0.75), (3, 7)),
            "best_on_test": Figure(0.9, (2, 2)),
        },
    )


def test_without_samples_held_out_there_is_no_best_by_them():
    found = figures(history((0.5, 0.7)))
    assert list(found.named) == ["last", "mean_of_last_5", "best_on_test"]
    assert found.named["mean_of_last_5"] == Figure(pytest.approx(0.6), (1, 2))


def test_without_test_samples_they_are_of_others():
    found = figures(history((None, None), (0.9, 0.8)))
    assert found == (
        "holdout",
        {
            "last": Figure(0.8, (2, 2)),
            "best_by_holdout": Figure(0.9, (1, 1)),
            "mean_of_last_5": Figure(pytest.approx(0.85), (1, 2)),
        },
    )
    assert figures(history((None, None))) == (
        "train",
        {"last": Figure(0.2, (2, 2)), "mean_of_last_5": Figure(pytest.approx(0.15), (1, 2))},
    )


def test_averaged_weights_have_figures_of_their_own():
    averaged = tuple(
        replace(record, average_test_accuracy=0.5 + record.epoch / 10, average_holdout_accuracy=out)
        for record, out in zip(history((0.1, 0.2), (0.8, 0.9)), (0.9, 0.8), strict=True)
    )
    found = figures(averaged).named
    assert found["average_last"] == Figure(0.7, (2, 2))
    assert found["average_best_by_holdout"] == Figure(0.6, (1, 1))
    assert found["average_mean_of_last_5"] == Figure(pytest.approx(0.65), (1, 2))
    assert found["average_best_on_test"] == Figure(0.7, (2, 2))
    assert found["best_by_holdout"] == Figure(0.2, (2, 2))


def test_a_run_without_epochs_has_none():
    assert figures(()).named == {}
