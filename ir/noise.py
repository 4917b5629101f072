"""White noise of equations: a port of the neuron for each `noise` of its equations, to which no
projection leads and where an engine puts a number of its own in every step.

It is that of a table of integers, so that its bits are the same on every machine: normal, of
variance 1 / dt, drawn anew for each neuron, step and place in the equations.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from .graph import Graph, Population
from .philox import philox4x32
from .streams import key_of

Array = npt.NDArray[Any]

NOISE = "noise"  # of the word in the language; what follows in a port's name no program can write
MARK = "#"
NOISE_CELLS = 256  # of the table in each octave of probabilities
OCTAVES = 24  # the first holds the words below NOISE_CELLS, the s-th those of 8 + s bits
NOISE_ENTRIES = NOISE_CELLS * OCTAVES
POINT = 27  # bits behind the point of a number of the table: none is beyond 6.4
AT_ONCE = 1 << 16  # neuron steps that NumPy draws at once


def noise_port(number: int) -> str:
    """The name of a model's port for its `number`-th noise."""
    return f"{NOISE}{MARK}{number}"


def is_noise(port: str) -> bool:
    """Whether a port is one of noise."""
    return port.startswith(NOISE + MARK)


def noises(population: Population) -> Iterator[tuple[int, str]]:
    """(place among the ports, name) of a population's noise."""
    ports = () if population.model is None else population.model.ports
    return ((k, port) for k, port in enumerate(ports) if is_noise(port))


def noisy(graph: Graph) -> tuple[Population, ...]:
    """The populations with noise."""
    return tuple(p for p in graph.populations if any(noises(p)))


def noise_key(population: str, port: str, seed: int) -> tuple[int, int]:
    """The two words that key it."""
    low, high = np.frombuffer(key_of(seed, NOISE, f"{population}/{port}")[:8], "<u4")
    return int(low), int(high)


def noise_scale(dt: float) -> np.float32:
    """By what a number of the table is multiplied: its unit over the root of `dt` [ms]."""
    return np.float32(2.0**-POINT / dt**0.5)


@cache
def normal_table() -> npt.NDArray[np.int32]:
    """i32 [2, NOISE_ENTRIES]: by cell of the upper tail the number that has this tail, in 2^-POINT,
    and how far it falls to the next cell.

    A word of 31 bits m stands for the tail (m + 1/2) / 2^32. Cells are as wide as m has bits
    beyond 9, so that each is 1/256 to 1/512 of where it lies; in between, the number is linear.
    """
    starts = np.arange(NOISE_ENTRIES)
    octave, cell = np.maximum(starts // NOISE_CELLS - 1, 0), starts % NOISE_CELLS
    first = np.where(starts < NOISE_CELLS, cell, (NOISE_CELLS + cell) << octave)
    last = np.where(starts < NOISE_CELLS, first, first + (1 << octave))
    value, end = _number(first), _number(last)
    made: npt.NDArray[np.int32] = np.stack([value, value - end]).astype(np.int32)
    return made


def _number(m: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    tail = NormalDist().inv_cdf
    return np.array([round(-tail((k + 0.5) / 2.0**32) * 2**POINT) for k in m.tolist()], np.int64)


def normals_of_words(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    """The number of each word, in 2^-POINT: its lowest bit is the sign, the others the tail."""
    m = (words >> np.uint32(1)).astype(np.int64)
    _, bits = np.frexp(m.astype(np.float64))
    s = np.maximum(bits.astype(np.int64) - 9, 0)
    cell = np.where(m < NOISE_CELLS, 0, NOISE_CELLS * (s + 1)) + ((m >> s) & (NOISE_CELLS - 1))
    value, fall = normal_table().astype(np.int64)
    found = value[cell] - ((fall[cell] * (m & ((1 << s) - 1))) >> s)
    signed: npt.NDArray[np.int32] = np.where(words & np.uint32(1), -found, found).astype(np.int32)
    return signed


def noise_of(
    population: Population, port: str, graph: Graph, seed: int, sample: int, steps: int
) -> npt.NDArray[np.float32]:
    """f32 [steps, neurons]: what comes to a noise port in each step of a sample.

    Neuron j of step t takes word j % 4 of philox(counter = (j // 4, t, sample), key), the sample's
    64 bits with the low word first.
    """
    neurons, key = population.neurons, noise_key(population.name, port, seed)
    blocks, size = -(-neurons // 4), max(1, AT_ONCE // population.neurons)
    made = np.zeros((steps, neurons), np.float32)
    for first in range(0, steps, size):
        part = np.arange(first, min(first + size, steps))
        counter = np.zeros((len(part), blocks, 4), np.uint64)
        counter[..., 0] = np.arange(blocks)
        counter[..., 1] = part[:, None]
        counter[..., 2] = sample & 0xFFFFFFFF
        counter[..., 3] = sample >> 32
        words = philox4x32(counter, key).reshape(len(part), 4 * blocks)[:, :neurons]
        made[part] = normals_of_words(words).astype(np.float32) * noise_scale(graph.dt)
    return made
