"""The binary layout of CIFAR-10: a byte with the label, then the planes of a 32x32 image in red,
green and blue, row by row (Krizhevsky, "Learning multiple layers of features from tiny images",
2009)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...ir.graph import Value
from ..settings import Settings
from .data import Array, Data, damaged, make_data
from .fetch import Progress, RemoteFile, obtain_all
from .idx import read_plain
from .split import Part, parts

SHAPE = (3, 32, 32)
SIZE = 1 + 3 * 32 * 32
NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def parse_records(content: bytes, name: str | Path) -> tuple[Array, Array]:
    """Images uint8 [samples, 3, 32, 32] and their labels uint8 [samples]."""
    count, rest = divmod(len(content), SIZE)
    if rest or not count:
        problem = f"has {len(content)} bytes, which are no records of {SIZE}"
        raise damaged(name, problem, "name a file in the binary layout of CIFAR-10")
    rows = np.frombuffer(content, np.uint8).reshape(count, SIZE)
    return rows[:, 1:].reshape(count, *SHAPE), rows[:, 0]


def load_cifar10(
    files: Sequence[RemoteFile], folder: str, split: str, settings: Settings, progress: Progress
) -> Data:
    """CIFAR-10: all files but the last are those to train with."""
    chosen = files[:-1] if split == "train" else files[-1:]
    contents = obtain_all(chosen, folder, settings, progress)
    read = [parse_records(c, f.name) for c, f in zip(contents, chosen, strict=True)]
    images, labels = (np.concatenate(each) for each in zip(*read, strict=True))
    data = make_data(images / np.float32(255.0), labels, chosen[0].name, classes=len(NAMES))
    return replace(data, names=NAMES)


def load_records(arguments: dict[str, Value], split: str) -> Data:
    """The split of files of one's own in that layout."""
    whole = _read(Path(str(arguments["path"])))
    both = parts(whole, arguments, _read)
    return both.data(split, arguments["classes"], lambda part: part.values / np.float32(255.0))


def _read(path: Path) -> Part:
    images, labels = parse_records(read_plain(path), path)
    return Part(images, labels.astype(np.int32), path)
