"""The training and the test part of a file that does not say which is which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...ir.graph import Value
from .data import Array, Labels, checked_labels, damaged


class Part(NamedTuple):
    """Samples and the file that they are from."""

    values: Array
    labels: Labels
    path: Path


class Parts(NamedTuple):
    """What a file or two give; `test` is None where nothing was set apart to test with."""

    train: Part
    test: Part | None

    @property
    def classes(self) -> int:
        """The number of classes, the same for both parts."""
        both = (self.train, *(() if self.test is None else (self.test,)))
        return 1 + max(int(part.labels.max(initial=-1)) for part in both)

    def choose(self, split: str) -> Part:
        """The part of that name; CompileError(E061) if there is none."""
        part = self.train if split == "train" else self.test
        if part is None:
            raise damaged(self.train.path, "has no test part", NO_TEST)
        return part


NO_TEST = (
    "name a file by `test`, or let `test_share` take a sample at least; or do without: "
    "`snncc train --test-limit 0`, `snncc eval --split train`"
)

# Separates this use of the generator from all others.
PURPOSE = 0x5B117


def make_part(values: Array, labels: Array, path: Path) -> Part:
    """A part whose labels are checked."""
    return Part(values, checked_labels(labels, path), path)


def parts(whole: Part, arguments: dict[str, Value], read: Callable[[Path], Part]) -> Parts:
    """The training and the test part: the file `test` names, or a share of the samples.

    The share is drawn once for ever from the number of samples and `split_seed`. A file that is
    its own `test` is both parts.
    """
    named = str(arguments["test"])
    if named:
        return Parts(whole, whole if Path(named) == whole.path else read(Path(named)))
    share, seed = arguments["test_share"], arguments["split_seed"]
    assert isinstance(share, float | int)
    assert isinstance(seed, float | int)
    values, labels, path = whole
    if not len(labels):
        raise damaged(path, "holds no samples")
    order = shuffled(len(labels), int(seed))
    tests = int(len(labels) * share)
    if tests == 0:
        return Parts(whole, None)
    chosen, rest = np.sort(order[:tests]), np.sort(order[tests:])
    return Parts(Part(values[rest], labels[rest], path), Part(values[chosen], labels[chosen], path))


def shuffled(samples: int, seed: int) -> Array:
    """A permutation that depends on nothing but its arguments."""
    raw = np.random.Philox(key=[seed % 2**64, PURPOSE]).random_raw(samples)
    return np.argsort(raw, kind="stable")
