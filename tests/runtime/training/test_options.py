import json
from dataclasses import asdict

import pytest
from refusal import refused

from snncc.runtime.training.options import FITS, TrainOptions, remembered
from snncc.runtime.training.run_folder import RUN, write_start

GIVEN = TrainOptions(
    "a.snn",
    {"n": "3"},
    "net",
    "gpu",
    2**64 - 1,
    3,
    4,
    5,
    test_limit=0,
    checkpoint_seconds=0.0,
    holdout=0.1,
)


@pytest.mark.parametrize("options", [GIVEN, TrainOptions("a.snn")])
def test_what_was_given_is_remembered(tmp_path, options):
    write_start(tmp_path, asdict(options), {})
    assert remembered(tmp_path) == options


def test_every_option_is_looked_at():
    assert set(FITS) == set(TrainOptions.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("program", 5),
        ("program", ""),
        ("program", "a\0b"),
        ("defines", [1]),
        ("defines", {"a": 1}),
        ("network", 1),
        ("target", None),
        ("seed", -1),
        ("seed", 2**64),
        ("seed", 1.5),
        ("seed", True),
        ("epochs", 0),
        ("batch", "8"),
        ("limit", 0),
        ("test_limit", -1),
        ("checkpoint_seconds", float("nan")),
        ("checkpoint_seconds", None),
        ("holdout", 1),
        ("holdout", "0.1"),
    ],
)
def test_an_option_that_cannot_have_been_given(tmp_path, name, value):
    document = {"options": {**asdict(GIVEN), name: value}, "sessions": []}
    (tmp_path / RUN).write_text(json.dumps(document))
    assert f"`{name}` is" in refused("E060", remembered, tmp_path).message


def test_options_that_came_later_need_not_be_there(tmp_path):
    (tmp_path / RUN).write_text(json.dumps({"options": {"program": "a.snn"}, "sessions": []}))
    assert remembered(tmp_path) == TrainOptions("a.snn")


@pytest.mark.parametrize("options", [{}, {"program": "a.snn", "colour": 1}])
def test_options_of_another_version(tmp_path, options):
    (tmp_path / RUN).write_text(json.dumps({"options": options, "sessions": []}))
    assert "another version" in refused("E060", remembered, tmp_path).message
