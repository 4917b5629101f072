"""The kernel files of the spike-train-level rules, for each device."""

from __future__ import annotations

from ...compiled.kinds import LIST, PAIRS, WINDOW
from ...compiled.text.sources import Parts
from .numbers import SQUARE
from .tables import Rule

CPU: Parts = (
    ("rules.spike_train", ("formulas.py",)),
    ("rules.spike_train.cpu", ("features.py", "spsp.py")),
    ("optimizers.cpu", ("update.py",)),
    (
        "rules.spike_train.cpu",
        (
            *(
                "solve.py",
                "loss.py",
                "learn.py",
                "dense.py",
                "listed.py",
                "square.py",
                "windows.py",
                "backward.py",
            ),
            "learning.py",
        ),
    ),
)
CUDA: Parts = (
    ("rules.spike_train", ("formulas.py",)),
    ("rules.spike_train.cuda", ("spsp.py",)),
    ("optimizers.cuda", ("update.py",)),
    (
        "rules.spike_train.cuda",
        (
            "solve.py",
            "loss.py",
            "learn.py",
            "dense.py",
            "listed.py",
            "backward.py",
            "learning.py",
        ),
    ),
)


def cpu_features(rule: Rule, at_once: bool) -> dict[str, bool]:
    """What of `cpu/features.py` the rule on a network has; `at_once`: batches of one sample."""
    learnt = (rule.takes > 0) & ((rule.trains > 0) | (rule.carries > 0))
    return {
        "HYBRID": rule.hybrid,
        "JOINT": rule.hybrid and bool((rule.joint > 0).any()),
        "CLOSED": rule.closed,
        "QUARTIC": rule.quartic,
        "REFERENCE": rule.reference,
        "INSIDE": bool(((rule.inside > 0) & (rule.form != SQUARE)).any()),
        "SQUARES": bool((rule.form == SQUARE).any()),
        "LATERAL": rule.lateral >= 0,
        "BY_ROW": bool((learnt & (rule.form == PAIRS)).any()),
        "BY_SYNAPSE": bool((learnt & (rule.form == LIST)).any()),
        "BY_WINDOW": bool((learnt & (rule.form == WINDOW)).any()),
        "AT_ONCE": at_once,
    }
