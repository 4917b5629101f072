"""The training and the test part of a file that does not say which is which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...ir.diagnostics import Diagnostic
from ...ir.graph import Value
from .columns import Columns
from .data import Array, Data, damaged, make_data
from .labels import AUTO, Classes, Labelled, classes_of, numbered


class Part(NamedTuple):
    """Samples and the file that they are from. `labels` are as the file has them, numbers or texts;
    `columns` are those of the file, if it is a table."""

    values: Array
    labels: Array
    path: Path
    columns: Columns | None = None
    warnings: tuple[Diagnostic, ...] = ()
    rows: Array | None = None  # the samples of the file; None: all

    def labelled(self) -> Labelled:
        """The labels alone."""
        return Labelled(self.labels, self.path, self.rows)


class Parts(NamedTuple):
    """What a file or two give; `test` is None where nothing was set apart to test with."""

    train: Part
    test: Part | None

    def choose(self, split: str) -> Part:
        """The part of that name; CompileError(E061) if there is none."""
        part = self.train if split == "train" else self.test
        if part is None:
            raise damaged(self.train.path, "has no test part", NO_TEST)
        return part

    def classes(self, named: Value) -> Classes:
        """The classes of both parts, where `named` is the argument `classes`."""
        both = (self.train, *(() if self.test is None else (self.test,)))
        return classes_of(named, [part.labelled() for part in both])

    def data(self, split: str, named: Value, scaled: Callable[[Part], Array]) -> Data:
        """The split, its values as `scaled` makes them, its labels the numbers of their classes."""
        part, classes = self.choose(split), self.classes(named)
        labels = numbered(part.labelled(), classes)
        data = make_data(scaled(part), labels, part.path, classes.number)
        gaps = classes.gaps(part.path) if split == "train" and named == AUTO else ()
        return replace(
            data,
            names=tuple(map(str, classes.names)),
            occurring=classes.occurring,
            measured=(("classes", classes.recorded),),
            warnings=(*data.warnings, *part.warnings, *gaps),
        )


NO_TEST = (
    "name a file by `test`, or let `test_share` take a sample at least; or do without: "
    "`snncc train --test-limit 0`, `snncc eval --split train`"
)

# Separates this use of the generator from all others.
PURPOSE = 0x5B117


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
    values, labels, path, *_ = whole
    if not len(labels):
        raise damaged(path, "holds no samples")
    order = shuffled(len(labels), int(seed))
    tests = int(len(labels) * share)
    if tests == 0:
        return Parts(whole, None)
    chosen, rest = np.sort(order[:tests]), np.sort(order[tests:])
    first, second = (
        whole._replace(values=values[rows], labels=labels[rows], rows=rows)
        for rows in (rest, chosen)
    )
    return Parts(first, second)


def shuffled(samples: int, seed: int) -> Array:
    """A permutation that depends on nothing but its arguments."""
    raw = np.random.Philox(key=[seed % 2**64, PURPOSE]).random_raw(samples)
    return np.argsort(raw, kind="stable")
