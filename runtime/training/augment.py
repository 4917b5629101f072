"""What the images that a training learns from become in each epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...backends.augmentation.apply import augmented, make_augmentation
from ...backends.protocols import Samples
from ...ir.graph import Graph, TrainSpec
from ...ir.verify.images import image_shape

# Training samples, the epoch from 0: the samples as they are learnt from in it.
Transform = Callable[[Samples, int], Samples]


def as_they_are(samples: Samples, epoch: int) -> Samples:
    """The same samples, in every epoch."""
    return samples


def transform_of(graph: Graph, spec: TrainSpec, seed: int, threads: int, folder: Path) -> Transform:
    """What the `augment` lines of a training do; compiled code lies in `folder`."""
    calls, shape = spec.calls("augment"), image_shape(graph)
    if not calls:
        return as_they_are
    assert shape is not None  # or the frontend has refused them
    return partial(augmented, make_augmentation(calls, shape, seed, folder, threads))
