"""The table of profiles: complete, and with the numbers of the papers and of the authors' code."""

from __future__ import annotations

import pytest

from snncc.backends.rules.spike_train.profiles import PROFILES
from snncc.ir.rules import RULES


def test_every_profile_of_the_language_is_there():
    having = {n for n, row in RULES.items() if any(a.name == "profile" for a in row.arguments)}
    assert PROFILES.keys() == having
    for rule, profiles in PROFILES.items():
        (argument,) = (a for a in RULES[rule].arguments if a.name == "profile")
        assert set(profiles) == set(argument.choices)


@pytest.mark.parametrize(
    ("rule", "profile", "numbers"),
    [
        ("hm2_bp", "reference", (1.0, 0.1)),
        ("hm2_bp", "paper", (1.0, 0.0)),  # which knows no constant e for silent neurons
        ("hm2_bp", "recommended", (1.0, 0.1)),
        ("st_rsbp", "reference", (0.5, 0.0)),
        ("st_rsbp", "paper", (0.5, 0.0)),
        ("st_rsbp", "recommended", (0.5, 0.0)),
    ],
)
def test_numbers_of_silent_neurons(rule, profile, numbers):
    """The engines and the oracle both take them from here."""
    row = PROFILES[rule][profile]
    assert (row.silent_ratio, row.silent_entry) == numbers
