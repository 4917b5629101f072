"""What no partition can mend, and what none was found for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .axons import Axons
from .limits import CoreLimits, Excess
from .load import Kernels


@dataclass(frozen=True, slots=True)
class Misfit:
    """A limit that no partition keeps: `needed`, and the `most` there is, of one neuron or
    (None) of all cores."""

    limit: str
    needed: int
    most: int
    neuron: int | None = None


class DoesNotFit(Exception):
    """A network that cannot be put on so many cores: `proved` says why none can, `over` which
    limits the best that was found does not keep."""

    def __init__(self, proved: tuple[Misfit, ...] = (), over: tuple[Excess, ...] = ()) -> None:
        super().__init__(*proved, *over)
        self.proved = proved
        self.over = over


def proved_misfits(
    axons: Axons, limits: CoreLimits, cores: int, kernels: Kernels
) -> tuple[Misfit, ...]:
    """The limits that no partition keeps, as far as counting shows."""
    held, senders = np.zeros(axons.neurons, np.int64), np.zeros(axons.neurons, np.int64)
    kernels.count_synapses(axons.start, axons.reach, axons.listed, held, senders)
    size = -(-held * limits.synapse_bits // 8) + senders * limits.axon_bytes
    found = [Misfit("neurons", axons.neurons, cores * limits.neurons)]
    for name, each, most in (
        ("axons_in", senders, limits.axons_in),
        ("synapse_bytes", size, limits.synapse_bytes),
    ):
        if most is not None and axons.neurons:
            worst = int(each.argmax())
            found.append(Misfit(name, int(each[worst]), most, worst))
    if limits.synapse_bytes is not None:
        least = -(-int(held.sum()) * limits.synapse_bits // 8)
        reached = int((np.diff(axons.start) > 0).sum())
        least += reached * limits.axon_bytes
        found.append(Misfit("synapse_bytes", least, cores * limits.synapse_bytes))
    if limits.axons_in is not None:
        reached = int((np.diff(axons.start) > 0).sum())
        found.append(Misfit("axons_in", reached, cores * limits.axons_in))
    for i, most in enumerate(limits.kinds):
        if most is not None:
            found.append(Misfit(f"kinds[{i}]", len(np.unique(axons.kinds[i])), cores * most))
    return tuple(m for m in found if m.needed > m.most)
