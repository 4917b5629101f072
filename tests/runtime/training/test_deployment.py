"""What run.json remembers of the integers of a run."""

import json
from dataclasses import fields

import pytest

from snncc.ir.deploy.entries import DEPLOY_ENTRIES
from snncc.ir.integers.precision import Deployment, Precision
from snncc.runtime.training.deployment import (
    but_usual,
    from_document,
    of_bits,
    to_document,
)

OTHER = Deployment(
    Precision(
        *(3, "pow2", 8, 20, "shift", 7, "toward_zero", "wrap", "each", 6, -1.5, "event"),
        spikes=4,
        output_spikes=1,
        table=64,
        below="reset",
        leak="tested",
        extra_delay=2,
        axon_types=3,
        registers="loihi",
        reset="threshold",
        by_projection={"h->y": 5},
    ),
    2,
    "percentile",
)


@pytest.mark.parametrize("asked", [OTHER, of_bits(4), Deployment()])
def test_what_was_asked_is_remembered(asked):
    assert from_document(json.loads(json.dumps(to_document(asked)))) == asked


def test_every_field_is_looked_at_and_said():
    wanted = {f.name for f in fields(Precision)} | {"guard", "method"}
    assert set(to_document(OTHER)) == wanted
    assert wanted == (DEPLOY_ENTRIES.keys() | {"by_projection"}) - {"target"}
    assert {name for name, _ in but_usual(OTHER)} == wanted - {"bits"}
    assert but_usual(of_bits(3)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", 17),
        ("scale", "channel"),
        ("guard", 25),
        ("state_bits", 3),
        ("decay", 1),
        ("decay_bits", 17),
        ("rounding", "up"),
        ("overflow", None),
        ("sums", "few"),
        ("input_bits", 1),
        ("floor", float("inf")),
        ("threshold", "late"),
        ("spikes", 0),
        ("table", -1),
        ("by_projection", {"a": 1}),
        ("by_projection", ["a"]),
        ("method", "max"),
        ("colour", 1),
    ],
)
def test_what_cannot_have_been_asked(name, value):
    with pytest.raises(ValueError, match=f"`{name}`"):
        from_document({name: value})
