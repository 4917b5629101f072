"""What metadata say, and what they cannot."""

from __future__ import annotations

import pytest
from refusal import refused

from snncc.ir.nir.said import KEYS, Said, is_text, said


def test_what_is_said_comes_back() -> None:
    whole = Said("net", 1e-3, "zero", "exact", "above", "step", 2, "spikes", 4, -0.5)
    assert tuple(whole.given()) == KEYS
    assert said(whole.given()) == whole
    assert said({}) == Said()
    assert is_text("snncc.reset")
    assert not is_text("snncc.dt")


@pytest.mark.parametrize(
    ("key", "value", "help_"),
    [
        ("snncc.reset", "zer", "did you mean `zero`?"),
        ("snncc.discretize", "?", "it is euler, euler-together, exponential, exact"),
        ("snncc.dt", 0.0, "1e-09 to 1000 seconds"),
        ("snncc.dt", float("nan"), "1e-09 to 1000 seconds"),
        ("snncc.recurrent_delay", 1.5, "1 to 1000000 steps"),
        ("snncc.recurrent_delay", 0, "1 to 1000000 steps"),
        ("snncc.spikes_per_step", 0, "1 to 1000000 spikes"),
        ("snncc.spikes_per_step", float("inf"), "1 to 1000000 spikes"),
        ("snncc.membrane_floor", 0.5, "0 or below"),
        ("snncc.membrane_floor", float("-inf"), "0 or below"),
    ],
)
def test_what_means_nothing_is_refused(key, value, help_) -> None:
    found = refused("E091", said, {key: value})
    assert key in found.message
    assert help_ in found.help
