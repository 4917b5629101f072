"""A layout: which neurons lie on which core, the axons that reach each, and their synapses.

Written out it is all that cores need; nothing of the network's wirings is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph
from ...ir.tensors import Tensor
from ..mapping.limits import Mesh
from .numbering import Numbering

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A network of integers on the cores of a chip.

    `graph` says what its neurons compute, and the port and delay of each projection; `values` are
    those of its model but for weights. `slot` [cores] is where each core lies: its router times the
    cores of one, and its place there.

    Of core c, `neuron[neuron_start[c]:neuron_start[c + 1]]` are its neurons, numbers of `Numbering`
    ascending, and `sender[axon_start[c]:axon_start[c + 1]]` who reaches it, each an axon,
    ascending. Axon a has the synapses `synapse_start[a]:synapse_start[a + 1]`: `post` is the place
    of a neuron on its core, `weight` a code, and `via` the number of its projection.
    `route[route_start[s]:route_start[s + 1]]` are the axons that sender s drives.
    """

    chip: str
    graph: Graph
    values: Mapping[str, Tensor]
    mesh: Mesh
    slot: Array
    neuron_start: Array
    neuron: Array
    axon_start: Array
    sender: Array
    synapse_start: Array
    post: Array
    weight: Array
    via: Array
    route_start: Array
    route: Array

    @property
    def cores(self) -> int:
        """How many there are."""
        return len(self.slot)

    @property
    def numbering(self) -> Numbering:
        """Of its graph."""
        return Numbering.of(self.graph)

    def neurons_of(self, core: int) -> Array:
        """The numbers of a core's neurons."""
        return self.neuron[self.neuron_start[core] : self.neuron_start[core + 1]]

    def axons_of(self, core: int) -> range:
        """The axons that reach a core."""
        return range(int(self.axon_start[core]), int(self.axon_start[core + 1]))

    def core_of_axon(self) -> Array:
        """The core of every axon."""
        return np.repeat(np.arange(self.cores), np.diff(self.axon_start))

    def core_of_neuron(self) -> Array:
        """The core of every neuron, by its number; -1 of one that lies on none."""
        found = np.full(self.numbering.neurons, -1, np.int64)
        found[self.neuron] = np.repeat(np.arange(self.cores), np.diff(self.neuron_start))
        return found
