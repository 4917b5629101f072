"""What keys the transformations of a training, and what they leave alone."""

import os

import numpy as np
import pytest
from augment_cases import IDS, SEED, call, done, pictures

from snncc.backends.augmentation import apply
from snncc.backends.augmentation.apply import augmented, make_augmentation, transformed
from snncc.backends.protocols import Samples
from snncc.runtime.settings import settings_from

COMPILED = apply.load_kernels
KERNELS = settings_from(os.environ).kernel_folder
SHAPE = (2, 6, 6)
ALL = [
    call("elastic", sigma=1.0),
    call("shift", pixels=1),
    call("flip"),
    call("cutout", size=2),
]


def samples_of(images, order):
    count = len(order)
    labels, weights = np.zeros(count, np.int32), np.ones(count, np.float32)
    return Samples(images, order, order.astype(np.uint64), labels, weights)


def test_an_image_depends_on_seed_epoch_and_sample_alone(make):
    images, ids = pictures(SHAPE, 5), np.arange(5, dtype=np.uint64)
    augmentation = make(ALL, SHAPE)
    whole = done(augmentation, images, ids)
    for order in ([4, 1, 2], [3], [2, 2, 0]):
        assert (done(augmentation, images[order], ids[order]) == whole[order]).all()
    assert (done(make(ALL, SHAPE), images, ids) == whole).all()
    others = (
        done(augmentation, images, ids, epoch=4),
        done(make(ALL, SHAPE, seed=1), images, ids),
        done(make(ALL, SHAPE, seed=SEED + 2**34), images, ids),
        done(augmentation, images, ids[::-1]),
    )
    assert all(np.abs(other - whole).max(axis=(1, 2, 3)).min() > 0 for other in others[:3])
    assert (others[3] != whole).any()


def test_lines_are_applied_in_their_order(make, words):
    images = pictures((1, 4, 4), 1)
    made = done(make([call("flip", p=1.0), call("shift", pixels=1)], (1, 4, 4)), images, IDS[:1])
    down, right = (words(int(IDS[0]), 3, 1)[:2] * 3 // 2**32).astype(int)
    padded = np.pad(images[0, 0, :, ::-1], 1)
    assert (made[0, 0] == padded[2 - down : 6 - down, 2 - right : 6 - right]).all()


def test_two_lines_of_one_kind_draw_for_themselves(make):
    ids = np.arange(200, dtype=np.uint64)
    images = pictures((1, 3, 5), 200)
    once = done(make([call("flip")], (1, 3, 5)), images, ids)
    twice = done(make([call("flip"), call("flip")], (1, 3, 5)), images, ids)
    kept = (twice == images).all(axis=(1, 2, 3)).mean()
    assert 0.35 < kept < 0.65
    assert (once != twice).any()


def test_samples_are_copied_from_their_rows(make):
    images = pictures(SHAPE, 5).reshape(5, -1)
    before, order = images.copy(), np.array([3, 0, 3])
    made = augmented(make(ALL, SHAPE), samples_of(images, order), 2)
    assert (images == before).all()
    assert (made.rows == [0, 1, 2]).all()
    assert (made.ids == [3, 0, 3]).all()
    assert made.values.dtype == np.float32
    assert made.values.flags.c_contiguous
    assert (made.values[0] == made.values[2]).all()
    wanted = transformed(make(ALL, SHAPE), images[order], order.astype(np.uint64), 2)
    assert (made.values == wanted).all()


@pytest.mark.slow
def test_compiled_kernels_and_threads_change_no_bit(make, monkeypatch):
    images, ids = pictures((3, 14, 11), 200), np.arange(200, dtype=np.uint64)
    calls = [call("elastic"), call("elastic", fields="epoch"), *ALL[1:]]
    wanted = done(make(calls, (3, 14, 11)), images[:20], ids[:20])
    monkeypatch.setattr(apply, "load_kernels", COMPILED)
    found = [
        done(make_augmentation(calls, (3, 14, 11), SEED, KERNELS, threads), images, ids)
        for threads in (1, 3)
    ]
    assert found[0].tobytes() == found[1].tobytes()
    assert found[0][:20].tobytes() == wanted.tobytes()
