import json

import pytest
from refusal import refused

from snncc.runtime.training.deployment import from_document, of_bits
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
    deployment=from_document({"bits": 3, "scale": "pow2", "by_projection": {"a->b": 5}}),
    calibrate=7,
    warm_up=2,
    scales="learnt",
)


@pytest.mark.parametrize("options", [GIVEN, TrainOptions("a.snn")])
def test_what_was_given_is_remembered(tmp_path, options):
    write_start(tmp_path, options.document(), {})
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
        ("deployment", 4),
        ("deployment", {"bits": 1}),
        ("deployment", {"colour": 1}),
        ("calibrate", -1),
        ("warm_up", -1),
        ("scales", "moving"),
        ("parameters", 1),
        ("bits", 17),
    ],
)
def test_an_option_that_cannot_have_been_given(tmp_path, name, value):
    document = {"options": {**GIVEN.document(), name: value}, "sessions": []}
    (tmp_path / RUN).write_text(json.dumps(document))
    assert f"`{name}` is" in refused("E060", remembered, tmp_path).message


def test_options_that_came_later_need_not_be_there(tmp_path):
    (tmp_path / RUN).write_text(json.dumps({"options": {"program": "a.snn"}, "sessions": []}))
    assert remembered(tmp_path) == TrainOptions("a.snn")


@pytest.mark.parametrize("options", [{}, {"program": "a.snn", "colour": 1}])
def test_options_of_another_version(tmp_path, options):
    (tmp_path / RUN).write_text(json.dumps({"options": options, "sessions": []}))
    assert "another version" in refused("E060", remembered, tmp_path).message


@pytest.mark.parametrize("bits", [None, 4])
def test_options_of_when_integers_had_bits_alone(tmp_path, bits):
    document = {"options": {"program": "a.snn", "bits": bits}, "sessions": []}
    (tmp_path / RUN).write_text(json.dumps(document))
    wanted = TrainOptions("a.snn")
    if bits:
        wanted = TrainOptions("a.snn", deployment=of_bits(4), calibrate=0, parameters=False)
    assert remembered(tmp_path) == wanted
