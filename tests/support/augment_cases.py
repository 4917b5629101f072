"""Images, and what transforms them."""

import numpy as np

from snncc.backends.augmentation.apply import transformed
from snncc.ir.augmentations import AUGMENTATIONS
from snncc.ir.graph import Call
from snncc.ir.rules import by_default

SEED = 2**33 + 5
IDS = np.array([7, 0, 2**32 - 2], np.uint64)
EPOCH = 3


def call(kind, **given):
    return Call(kind, tuple((dict(by_default(kind, AUGMENTATIONS).arguments) | given).items()))


def pictures(shape, samples=len(IDS), seed=0):
    values = np.random.default_rng(seed).random((samples, int(np.prod(shape))), np.float32)
    return values.reshape(samples, *shape)


def done(augmentation, images, ids=IDS, epoch=EPOCH):
    flat = images.reshape(len(images), -1).copy()
    return transformed(augmentation, flat, ids, epoch).reshape(images.shape)
