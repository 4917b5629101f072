"""When a silent output neuron is taught to fire."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple


class Lesson(NamedTuple):
    """A silent output neuron is given spikes at h, 2h, … for its label; see docs/training.md."""

    steps: int  # T
    target: float
    refractory: int = 0  # R [steps]

    @property
    def gap(self) -> int:
        """h = floor(T / target), the steps between two spikes of the teacher."""
        return max(1, int(self.steps / max(self.target, 1.0)))

    @property
    def most(self) -> int:
        """The most spikes that the neuron itself can fire: at 0, R + 1, 2 (R + 1), …"""
        return (self.steps - 1) // (self.refractory + 1) + 1

    @property
    def largest(self) -> int:
        """The largest whole target whose taught spikes all lie outside the refractory time."""
        return self.steps // (self.refractory + 1)

    @property
    def needed(self) -> int:
        """The fewest steps in which this target can be taught."""
        return ceil(self.target * (self.refractory + 1))
