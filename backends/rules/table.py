"""The training rules that `ir.rules.RULES` names: for each, the family that computes it."""

from __future__ import annotations

from .row import Rule
from .spike_train.row import SPIKE_TRAIN

RULES: dict[str, Rule] = {"st_rsbp": SPIKE_TRAIN, "hm2_bp": SPIKE_TRAIN}
