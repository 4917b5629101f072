"""Numbers of all that send: the neurons of a network, then its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...ir.graph import Graph, Population


@dataclass(frozen=True, slots=True)
class Numbering:
    """`first` is the number of the first neuron of each population: of those that lie on cores, in
    graph order, from 0 to `neurons` - 1, then of the inputs, up to `senders` - 1."""

    populations: tuple[Population, ...]
    first: Mapping[str, int]
    neurons: int
    senders: int

    @staticmethod
    def of(graph: Graph) -> Numbering:
        """That of a graph."""
        cores = [p for p in graph.populations if p.step is not None]
        inputs = [p for p in graph.populations if p.step is None]
        bounds = np.cumsum([0, *(p.neurons for p in (*cores, *inputs))]).tolist()
        names = [p.name for p in (*cores, *inputs)]
        first = dict(zip(names, bounds, strict=False))
        return Numbering((*cores, *inputs), first, bounds[len(cores)], bounds[-1])

    def population_of(self, numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The place in `populations` of each sender."""
        starts = np.array([self.first[p.name] for p in self.populations])
        return np.searchsorted(starts, numbers, side="right") - 1

    def said(self, number: int) -> str:
        """`h[3]`, of a sender."""
        population = self.populations[int(self.population_of(np.array([number]))[0])]
        return f"{population.name}[{number - self.first[population.name]}]"
