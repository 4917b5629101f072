"""What the images that a training learns from become in each epoch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ...backends.augmentation.apply import augmented, make_augmentation
from ...backends.protocols import Samples
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Graph, TrainSpec
from ...ir.types import Shape
from ...ir.verify.images import image_shape
from ..datasets.data import Data

# Training samples, the epoch from 0: the samples as they are learnt from in it.
Transform = Callable[[Samples, int], Samples]


def as_they_are(samples: Samples, epoch: int) -> Samples:
    """The same samples, in every epoch."""
    return samples


def require_layout(graph: Graph, spec: TrainSpec, data: Data) -> None:
    """CompileError(E062) for images that are to be transformed and lie otherwise than the input
    says: rows would be taken for channels. Values in a row may be of any shape."""
    own, wanted = data.values.shape[1:], image_shape(graph)
    if not spec.calls("augment") or wanted is None or len(own) == 1:
        return
    if _but_single(own) != _but_single(wanted):
        name = next(p.name for p in graph.populations if p.role == "input")
        said = graph.population(name).shape
        message = f"the images of the data are {list(own)}, and `{name}` has them as {list(said)}"
        way_out = f"write `input {name}{list(own)}`"
        place = graph.population(name).span
        raise CompileError(Diagnostic("E062", message, place, help=way_out))


def _but_single(shape: Shape) -> Shape:
    return tuple(extent for extent in shape if extent > 1)


def transform_of(graph: Graph, spec: TrainSpec, seed: int, threads: int, folder: Path) -> Transform:
    """What the `augment` lines of a training do; compiled code lies in `folder`."""
    calls, shape = spec.calls("augment"), image_shape(graph)
    if not calls:
        return as_they_are
    assert shape is not None  # or the frontend has refused them
    return partial(augmented, make_augmentation(calls, shape, seed, folder, threads))
