"""The kernel files of learning through time, for each device."""

from __future__ import annotations

from ...compiled.text.sources import Parts

CPU: Parts = (
    ("optimizers.cpu", ("update.py",)),
    (
        "rules.through_time.cpu",
        (
            *(
                "features.py",
                "taps.py",
                "planes.py",
                "synapses.py",
                "credit.py",
                "loss.py",
                "backward.py",
            ),
            *("update.py", "learning.py"),
        ),
    ),
)
CUDA: Parts = (
    ("optimizers.cuda", ("update.py",)),
    (
        "rules.through_time.cuda",
        ("synapses.py", "credit.py", "loss.py", "backward.py", "update.py", "learning.py"),
    ),
)
