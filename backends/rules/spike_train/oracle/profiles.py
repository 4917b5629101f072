"""The training rules and their profiles, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
class Profile:
    """What a rule does where the profiles differ.

    `silent_post`: e of a silent post neuron whose pre neuron fires. `silent_by_pre`: de/do_pre
    where either is silent. `silent_lateral`: r of the lateral factor where either is silent.
    """

    spsp: Callable[[Train, Train, Cell, int], Floats]
    by_post: Callable[[Activity], Floats]
    adjoint: AdjointRule
    limit: Limit
    silent_post: float
    silent_by_pre: float
    silent_lateral: float


PROFILES: dict[tuple[str, str], Profile] = {
    ("st_rsbp", "reference"): Profile(
        pairwise_spsp, polynomial_by_post, reference_adjoint, away_from_zero, 0.0, 0.5, 0.5
    ),
    ("st_rsbp", "paper"): Profile(
        pairwise_spsp, polynomial_by_post, consistent_adjoint, away_from_zero, 0.0, 0.5, 0.5
    ),
    ("st_rsbp", "recommended"): Profile(
        pairwise_spsp, tabulated_by_post, consistent_adjoint, within_a_decade, 0.0, 0.5, 0.5
    ),
    ("hm2_bp", "reference"): Profile(
        closed_form_spsp, decoupled_by_post, unrolled_adjoint, unlimited, 0.1, 1.0, 1.0
    ),
    # The paper knows no constant e for silent neurons.
    ("hm2_bp", "paper"): Profile(
        closed_form_spsp, decoupled_by_post, unrolled_adjoint, unlimited, 0.0, 1.0, 1.0
    ),
    ("hm2_bp", "recommended"): Profile(
        pairwise_spsp, decoupled_by_post, unrolled_adjoint, unlimited, 0.1, 1.0, 1.0
    ),
}
