"""Samples transformed on the host, some at a time, whatever the target.

What a sample becomes follows from the seed, the epoch and its id alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ...ir.graph import Call
from ...ir.types import Shape
from ..compiled.text.modules import digest, load_module, writable
from ..compiled.text.sources import joined
from ..protocols import Samples
from .table import TRANSFORMS

Images = npt.NDArray[np.float32]
Transformed = Callable[..., None]

PARTS = (("compiled", ("formulas.py",)), ("augmentation", ("kernels.py",)))
HEAD = """\
# Assembled by snncc from its transformations of images.
from numba import njit

"""
# Of those that are called from here, and of those that they call.
KERNEL = '@njit(cache=True, nogil=True, error_model="numpy")'
INNER = '@njit(cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)'
PURPOSE = 0xA06_4E7  # separates this use of the generator from all others
LOW = 0xFFFFFFFF
FEWEST = 64  # samples that are worth a thread


@dataclass(frozen=True, slots=True, eq=False)
class Augmentation:
    """How the images of a training are transformed, [channels, rows, columns] each: by these
    kernels, one after the other, with their numbers."""

    shape: Shape
    steps: tuple[tuple[Transformed, npt.NDArray[np.float64]], ...]
    seed: int
    threads: int = 1


def make_augmentation(
    calls: Sequence[Call], shape: Shape, seed: int, folder: Path, threads: int = 1
) -> Augmentation:
    """The calls of AUGMENTATIONS, ready; compiled code lies in `folder`."""
    module = load_kernels(folder)
    rows = [TRANSFORMS[call.kind] for call in calls]
    steps = tuple(
        (getattr(module, row.kernel), np.array(row.numbers(call), np.float64))
        for row, call in zip(rows, calls, strict=True)
    )
    return Augmentation(shape, steps, seed, threads)


def kernel_source() -> str:
    """The kernels as one module."""
    text = joined(PARTS, 'njit(inline="always")')
    for kernel in {row.kernel for row in TRANSFORMS.values()}:
        text = text.replace(f"@njit\ndef {kernel}(", f"{KERNEL}\ndef {kernel}(")
    return HEAD + text.replace("@njit\n", f"{INNER}\n")


def load_kernels(folder: Path) -> ModuleType:
    """The kernels, compiled when they are first called."""
    import numba  # takes long to load

    text = kernel_source()
    name = f"snncc_cpu_augmentation_{digest(numba.__version__, text)}"
    return load_module(name, text, writable(folder))


def augmented(augmentation: Augmentation, samples: Samples, epoch: int) -> Samples:
    """The samples as that epoch has them, from 0; their values are those of nobody else."""
    images = transformed(augmentation, samples.values[samples.rows], samples.ids, epoch)
    return replace(samples, values=images, rows=np.arange(len(images)))


def transformed(
    augmentation: Augmentation, values: Images, ids: npt.NDArray[np.uint64], epoch: int
) -> Images:
    """The values [samples, inputs], transformed in place."""
    images = values.reshape(len(values), *augmentation.shape)
    pieces = max(1, min(augmentation.threads, len(images) // FEWEST))
    ends = [len(images) * k // pieces for k in range(pieces + 1)]
    parts = [slice(*pair) for pair in pairwise(ends)]
    run = partial(_transform, augmentation, images, ids, epoch)
    if pieces == 1:
        run(parts[0])
        return values
    with ThreadPoolExecutor(pieces) as pool:
        list(pool.map(run, parts))
    return values


def _transform(
    augmentation: Augmentation,
    images: Images,
    ids: npt.NDArray[np.uint64],
    epoch: int,
    part: slice,
) -> None:
    seed = augmentation.seed
    key: tuple[Any, Any] = np.uint64(seed & LOW ^ PURPOSE), np.uint64(seed >> 32 & LOW)
    for place, (kernel, numbers) in enumerate(augmentation.steps):
        moment = np.uint64(epoch & LOW), np.uint64(place)
        kernel(images[part], ids[part], *moment, *key, numbers)
