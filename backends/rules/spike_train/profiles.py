"""The rules and their profiles, one row each, for the engines and the oracle."""

from __future__ import annotations

from typing import NamedTuple

from ....ir.calls import number, text
from ....ir.graph import Call


class Profile(NamedTuple):
    """What distinguishes the rules and their profiles; see the table in docs/training.md."""

    hybrid: bool  # HM2-BP: factor 1 + s, no Omega
    closed: bool  # S-PSP of the continuous kernel
    quartic: bool  # Omega from the fitted polynomial
    reference: bool  # the authors' recurrent gradient and message
    silent_ratio: float  # de/du where either train is empty
    silent_pool: float  # the same of a pooling
    shared_pools: bool  # a pooling shares its error out evenly, whatever its threshold and Omega
    silent_entry: float  # e of a silent post neuron and an active pre neuron
    lowest: float
    highest: float


_INFINITE = float("inf")
_HM2 = Profile(True, False, False, False, 1.0, 1.0, False, 0.1, -_INFINITE, _INFINITE)
_ST = Profile(False, False, True, False, 0.5, 0.0, False, 0.0, -_INFINITE, _INFINITE)

PROFILES: dict[str, dict[str, Profile]] = {
    "hm2_bp": {
        "reference": _HM2._replace(closed=True, shared_pools=True),
        "paper": _HM2._replace(closed=True, silent_entry=0.0),
        "recommended": _HM2,
    },
    "st_rsbp": {
        "reference": _ST._replace(reference=True, shared_pools=True),
        "paper": _ST,
        "recommended": _ST._replace(quartic=False, lowest=0.1, highest=10.0),
    },
}


def profile_of(rule: Call) -> Profile:
    """The profile of a rule, with the numbers that its arguments say themselves."""
    profile = PROFILES[rule.kind][text(rule, "profile")]
    if "silent" not in dict(rule.arguments):
        return profile
    return profile._replace(silent_ratio=number(rule, "silent"))
