"""What the oracle does where the profiles differ: definitions in place of the engines' flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..profiles import Profile
from .layers import (
    AdjointRule,
    Limit,
    away_from_zero,
    consistent_adjoint,
    reference_adjoint,
    unlimited,
    unrolled_adjoint,
    within_a_decade,
)
from .partials import Activity, decoupled_by_post, polynomial_by_post, tabulated_by_post
from .spsp import Cell, Floats, Train, closed_form_spsp, pairwise_spsp


@dataclass(frozen=True, slots=True)
class Definitions:
    """The functions of a profile."""

    spsp: Callable[[Train, Train, Cell, int], Floats]
    by_post: Callable[[Activity], Floats]
    adjoint: AdjointRule
    limit: Limit


def definitions_of(profile: Profile) -> Definitions:
    """How the oracle computes what a profile says."""
    spsp = closed_form_spsp if profile.closed else pairwise_spsp
    if profile.hybrid:
        return Definitions(spsp, decoupled_by_post, unrolled_adjoint, unlimited)
    by_post = polynomial_by_post if profile.quartic else tabulated_by_post
    adjoint = reference_adjoint if profile.reference else consistent_adjoint
    limit = within_a_decade if profile.lowest > 0 else away_from_zero
    return Definitions(spsp, by_post, adjoint, limit)
