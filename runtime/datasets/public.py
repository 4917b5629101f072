"""Loaders of the data sets that everybody knows."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from ..settings import Settings
from .data import Data, damaged, make_data
from .fetch import Progress, RemoteFile, obtain
from .idx import parse_idx

Files = tuple[RemoteFile, RemoteFile, RemoteFile, RemoteFile]

DIGITS = Path(__file__).parent.parent / "data" / "digits.csv.gz"


def load_digits(split: str) -> Data:
    """The UCI digits: every fifth sample of each class is a test sample.

    The rule is the data's own order, so it needs no seed: 1 442 to train, 355 to test.
    """
    with gzip.open(DIGITS, "rt", encoding="ascii") as file:
        rows = np.loadtxt(file, delimiter=",", dtype=np.int32)
    values, labels = rows[:, :64].reshape(-1, 8, 8) / np.float32(16.0), rows[:, 64]
    chosen = every_fifth(labels) == (split == "test")
    return make_data(values[chosen], labels[chosen], "digits", classes=10)


def every_fifth(
    labels: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a sample is the fifth, tenth, … of its class."""
    chosen = np.zeros(len(labels), np.bool_)
    for label in np.unique(labels):
        chosen[np.flatnonzero(labels == label)[4::5]] = True
    return chosen


def load_images(
    files: Files, folder: str, split: str, settings: Settings, progress: Progress
) -> Data:
    """A data set in the layout of MNIST: images and labels to train, images and labels to test."""
    images, labels = files[:2] if split == "train" else files[2:]
    pixels = parse_idx(obtain(images, folder, settings, progress), images.name)
    classes = parse_idx(obtain(labels, folder, settings, progress), labels.name)
    if pixels.ndim != 3 or pixels.dtype != np.uint8:
        raise damaged(images.name, "does not hold images")
    return make_data(pixels / np.float32(255.0), classes, images.name, classes=10)
