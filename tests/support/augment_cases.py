"""Images, and what transforms them."""

from functools import cache
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import pytest

from snncc.backends.augmentation.apply import kernel_source, transformed
from snncc.backends.compiled.text.modules import execute
from snncc.ir.augmentations import AUGMENTATIONS
from snncc.ir.graph import Call
from snncc.ir.rules import by_default

SEED = 2**33 + 5
IDS = np.array([7, 0, 2**32 - 2], np.uint64)
EPOCH = 3


@cache
def interpreted():
    """The kernels as plain Python: nothing to compile."""
    module = ModuleType("interpreted_augmentation")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        execute(kernel_source(), Path("augmentation.py"), vars(module))
    return module


def call(kind, **given):
    return Call(kind, tuple((dict(by_default(kind, AUGMENTATIONS).arguments) | given).items()))


def pictures(shape, samples=3, seed=0):
    values = np.random.default_rng(seed).random((samples, int(np.prod(shape))), np.float32)
    return values.reshape(samples, *shape)


def done(augmentation, images, ids=IDS, epoch=EPOCH):
    flat = images.reshape(len(images), -1).copy()
    return transformed(augmentation, flat, ids, epoch).reshape(images.shape)
