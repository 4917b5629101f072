"""What kernels are handed whole."""

from __future__ import annotations

from typing import NamedTuple

from .axons import Ints


class CoreNets(NamedTuple):
    """The axons between cores, equal ones joined: `home` the core that sends (-1: from outside),
    `to[first[i]:first[i + 1]]` the other cores that it reaches, ascending."""

    first: Ints  # int64 [nets + 1]
    to: Ints  # int32
    home: Ints  # int32 [nets]
    rate: Ints  # float64 [nets], spikes a step of all that were joined
