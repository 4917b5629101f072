"""The kernel files of the spike-train-level rules, for each device."""

from __future__ import annotations

from ...compiled.text.sources import Parts

CPU: Parts = (
    ("rules.spike_train.cpu", ("spsp.py",)),
    ("optimizers.cpu", ("update.py",)),
    (
        "rules.spike_train.cpu",
        (
            *("solve.py", "loss.py", "learn.py", "dense.py", "listed.py", "backward.py"),
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
        ("solve.py", "loss.py", "learn.py", "dense.py", "listed.py", "backward.py", "learning.py"),
    ),
)
