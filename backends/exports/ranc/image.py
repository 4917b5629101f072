"""An image of a network on cores of RANC: all that its memories hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ....ir.model import Model
from .neurons import Cells

Array = npt.NDArray[Any]
OUTSIDE = -1  # the core of a target: the output bus


class Place(NamedTuple):
    """A router of the mesh."""

    x: int
    y: int


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """A core: `neuron` are the numbers of its neurons, `cells` what they are and `table` their
    weights [neurons, 4]; of its axons `sender` and `kind`; `joined` [neurons, axons] says which of
    them reaches which neuron. `to` [neurons, 3] is the target of each: its core (OUTSIDE: the
    output bus), its axon, and the delay, which is 1 or more."""

    place: Place
    neuron: Array
    cells: Cells
    table: Array
    sender: Array
    kind: Array
    joined: Array
    to: Array


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """`model` is what the cores compute, relays and all. `bus` is the place of the output bus, and
    `outputs` the number of the neuron that drives each of its lines, `late` steps after the output
    that it stands for. `packets` [n, 4] says what a spike of an input becomes: its number, a core
    and an axon there, and after how many steps it is to arrive."""

    model: Model
    width: int
    height: int
    cores: tuple[Core, ...]
    bus: Place
    outputs: Array
    late: Array
    packets: Array


def mesh(count: int) -> tuple[int, int]:
    """Width and height of the least mesh, about square, with so many routers."""
    width = int(np.ceil(np.sqrt(count)))
    return width, -(-count // width)
