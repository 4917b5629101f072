"""Dropout: units of a population that send nothing while a network learns from a sample, and what
the others send in their place (Srivastava et al., JMLR 2014).

What a `dropout` line of a `train` block may say, and its meaning. Who is left out follows from the
seed, the epoch, the sample, the population and the unit alone; it stays so for all steps.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arguments import Argument, Row
from .calls import number, text
from .graph import Call, Graph, Population
from .philox import bernoulli_threshold, philox4x32
from .ranges import BELOW_ONE

REFERENCE = "reference"
DROPOUT_USE = 0xD20_9007  # separates this use of the generator from all others
MAP = 3  # dimensions of the maps of a convolution: channels, rows, columns
LOW = 0xFFFFFFFF

DROPOUT = Row(
    "units send nothing with probability p, the others 1 / (1 - p) of it, in training alone",
    (
        Argument("p", "1", range=BELOW_ONE),
        Argument("profile", "text", "recommended", ("recommended", REFERENCE)),
    ),
)


def together(population: Population, call: Call) -> int:
    """How many units, one after the other, are left out together: one; by the profile `reference`
    the row of a map, as in the code of the authors of TSSL-BP."""
    is_by_rows = text(call, "profile") == REFERENCE and len(population.shape) == MAP
    return population.shape[-1] if is_by_rows else 1


def threshold(call: Call) -> int:
    """A random word below it leaves units out; 0 leaves none."""
    return int(bernoulli_threshold(np.array(number(call, "p"), np.float64)))


def share(call: Call) -> float:
    """By what is multiplied what the others send."""
    return 1.0 / (1.0 - number(call, "p"))


def factors(
    graph: Graph, calls: tuple[Call, ...], seed: int, epoch: int, sample: int
) -> dict[str, npt.NDArray[np.float64]]:
    """By what is multiplied what every unit sends in a sample, [neurons] of each population that
    the calls name: word 0 of philox(counter = (the units' number, population, sample, epoch),
    key = seed) decides. The sample is the low word of its id."""
    names, found = [p.name for p in graph.populations], {}
    key = [seed & LOW ^ DROPOUT_USE, seed >> 32 & LOW]
    for call in calls:
        population = graph.population(call.kind)
        counter = np.zeros((population.neurons, 4), np.uint64)
        counter[:, 0] = np.arange(population.neurons) // together(population, call)
        counter[:, 1:] = names.index(call.kind), sample & LOW, epoch & LOW
        is_kept = philox4x32(counter, key)[:, 0] >= threshold(call)
        found[call.kind] = np.where(is_kept, share(call), 0.0)
    return found
