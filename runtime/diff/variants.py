"""VARIANTS: what is tried to explain what a side did, one row a kind, the likelier first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .alone import Case
from .change import Candidates, Change
from .integers import roundings, saturations
from .margins import fitted_threshold
from .neurons import comparisons, decays, orders, refractory_times, resets, single_precision
from .synapses import delays, one_synapse, rounded_weights, signs, wirings
from .theirs import theirs


@dataclass(frozen=True, slots=True)
class Variant:
    """A kind of change; `candidates` are those of a case. A later `tier` is tried only if no change
    of an earlier one explains all."""

    summary: str
    candidates: Candidates
    tier: int


VARIANTS: dict[str, Variant] = {
    "theirs": Variant("each part as the other side's own network has it", theirs, 0),
    "precision": Variant("float32 in place of float64", single_precision, 0),
    "comparison": Variant("> in place of >= at the threshold, and the reverse", comparisons, 1),
    "refractory": Variant("a refractory step more or less, or none", refractory_times, 1),
    "reset": Variant("a reset to zero, by subtraction, or none", resets, 1),
    "delay": Variant("a step of delay more or less, on one projection or all", delays, 1),
    "sign": Variant(
        "the signs of a projection swapped or lost, half its weights or twice", signs, 1
    ),
    "wiring": Variant("a projection left out, transposed, turned, or counted from 1", wirings, 1),
    "decay": Variant("the other discretization, or another dt", decays, 1),
    "order": Variant("the leak after the input, or the threshold before both", orders, 1),
    "integers": Variant("codes rounded otherwise, factors of fewer bits", roundings, 1),
    "saturation": Variant("codes beyond their type treated otherwise", saturations, 1),
    "threshold": Variant("a threshold that is higher or lower by a factor", fitted_threshold, 2),
    "synapse": Variant("one synapse with its sign swapped, or without weight", one_synapse, 3),
    "rounding": Variant("weights rounded to 2 to 16 bits", rounded_weights, 3),
}
TIERS = 1 + max(row.tier for row in VARIANTS.values())


def changes(case: Case, tier: int) -> Iterator[Change]:
    """All candidates of a tier, the likelier first."""
    for row in VARIANTS.values():
        if row.tier == tier:
            yield from row.candidates(case)
