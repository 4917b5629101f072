"""The table of what may be said of integers: whole, and of one meaning with `Deployment`."""

from dataclasses import fields

import pytest

from snncc.ir.deploy.entries import DEPLOY_ENTRIES, problem
from snncc.ir.integers.precision import Deployment, Precision


def test_an_entry_for_all_that_integers_can_be():
    parts = {f.name for f in fields(Precision)} - {"by_projection"}
    assert DEPLOY_ENTRIES.keys() == parts | {"guard", "method", "target"}
    assert [n for n, e in DEPLOY_ENTRIES.items() if e.is_of_projections] == ["bits"]


def test_defaults_are_those_of_a_deployment():
    whole = Deployment()
    for name, entry in DEPLOY_ENTRIES.items():
        if name not in ("guard", "target"):
            of = whole if name == "method" else whole.precision
            assert entry.default == getattr(of, name)
    assert DEPLOY_ENTRIES["guard"].default is whole.guard is None


def test_options():
    options = {name: entry.option(name) for name, entry in DEPLOY_ENTRIES.items()}
    assert (options["state_bits"], options["rounding"]) == ("--state-bits", "--round")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("bits", 2, ""),
        ("bits", 1, "`bits` is 1; it must be at least 2 and at most 16"),
        ("bits", 2.0, "`bits` is a whole number"),
        ("bits", True, "`bits` is a whole number"),
        ("bits", 10**400, "`bits` is 10000000000000000000; it must be at least 2 and at most 16"),
        ("floor", -3.5, ""),
        ("floor", float("nan"), "`floor` is nan; it must be finite"),
        ("floor", "x", "`floor` is a number"),
        ("scale", "pow2", ""),
        (
            "scale",
            "two",
            "`scale` is one of neuron, population, pow2, projection, exponent, shared_exponent",
        ),
        (
            "scale",
            [],
            "`scale` is one of neuron, population, pow2, projection, exponent, shared_exponent",
        ),
    ],
)
def test_problems(name, value, said):
    assert problem(name, value) == said
