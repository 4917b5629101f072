"""The training and the test part of a file that does not say which is which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ...ir.graph import Value
from .data import Array, damaged

Part = tuple[Array, Array]  # values, labels

# Separates this use of the generator from all others.
PURPOSE = 0x5B117


def parts(
    whole: Part, arguments: dict[str, Value], read: Callable[[Path], Part]
) -> tuple[Part, Part]:
    """The training and the test part: the file `test` names, or a share of the samples.

    The share is drawn once for ever from the number of samples and `split_seed`.
    """
    named = str(arguments["test"])
    if named:
        return whole, read(Path(named))
    share = arguments["test_share"]
    assert isinstance(share, float | int)
    values, labels = whole
    if not len(labels):
        raise damaged(str(arguments["path"]), "holds no samples")
    order = shuffled(len(labels), int(str(arguments["split_seed"])))
    tests = int(len(labels) * share)
    chosen, rest = np.sort(order[:tests]), np.sort(order[tests:])
    return (values[rest], labels[rest]), (values[chosen], labels[chosen])


def shuffled(samples: int, seed: int) -> Array:
    """A permutation that depends on nothing but its arguments."""
    raw = np.random.Philox(key=[seed % 2**64, PURPOSE]).random_raw(samples)
    return np.argsort(raw, kind="stable")
