"""What every device computes alike when it presents a sample: scalars in, scalars out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ir.dropout import DROPOUT_USE
from ...ir.philox import MULTIPLIERS, ROUNDS, WEYL
from ...ir.rules import GIVEN, SENT

M0 = np.uint64(MULTIPLIERS[0])
M1 = np.uint64(MULTIPLIERS[1])
W0 = np.uint64(WEYL[0])
W1 = np.uint64(WEYL[1])
MASK = np.uint64(0xFFFFFFFF)
WORD = np.uint64(32)
TIMES = ROUNDS
USE = np.uint64(DROPOUT_USE)


def as_written(function: Any) -> Any:
    """The function itself: Numba takes long to load, and the host does without it."""
    return function


formula = as_written  # `text.sources.joined` puts each device's own decorator here


@formula
def philox(x0, x1, x2, x3, key0, key1):  # type: ignore[no-untyped-def]
    """Four random 32-bit words for a 4-word counter and a 2-word key: Philox4x32-10, the generator
    of all encodings (Salmon et al., SC 2011).

    Integers only, so every device draws the same bits. Words are carried in uint64 to keep the
    32 x 32 -> 64 bit products in vector lanes.
    """
    for _ in range(TIMES):
        product0 = M0 * x0
        product1 = M1 * x2
        x0 = (product1 >> WORD) ^ x1 ^ key0
        x1 = product1 & MASK
        x2 = (product0 >> WORD) ^ x3 ^ key1
        x3 = product0 & MASK
        key0 = (key0 + W0) & MASK
        key1 = (key1 + W1) & MASK
    return x0, x1, x2, x3


@formula
def sent_share(dropped, share, units, p, sample, epoch, key0, key1):  # type: ignore[no-untyped-def]
    """By what is multiplied what units of population p send: by `share`, or by 0 where their random
    word is below `dropped`; see `ir.dropout`."""
    word, _, _, _ = philox(units, p, sample, epoch, key0 ^ USE, key1)
    return share if word >= dropped else np.float32(0.0)


@formula
def decide(counts):  # type: ignore[no-untyped-def]
    """The arg max, lowest index on a tie; -1 where all are silent, as `classes_of` has it."""
    best, most = -1, 0
    for i in range(len(counts)):
        if counts[i] > most:
            best, most = i, counts[i]
    return best


@formula
def is_lost(state):  # type: ignore[no-untyped-def]
    """Whether (1, 0) it is no finite number."""
    return 0 if state - state == np.float32(0.0) else 1


@formula
def is_sent(encoder):  # type: ignore[no-untyped-def]
    """Whether (1, 0) an input sends a number in every step."""
    return 1 if encoder == SENT else 0


@formula
def is_drawn(encoder):  # type: ignore[no-untyped-def]
    """Whether (1, 0) an encoding draws its spikes."""
    return 0 if encoder == GIVEN else 1 - is_sent(encoder)
