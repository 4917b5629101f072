"""Each transformation beside its meaning, written out in float64 NumPy from the papers."""

import numpy as np
import pytest
from augment_cases import EPOCH, IDS, call, done, pictures


def distorted(image, noise, turns, scale, rotation, strength, sigma):
    """An image f64[C, H, W] distorted by noise [2, H, W] and the values r0, r1, r2."""
    height, width = image.shape[1:]
    offsets = [(y, x) for y in range(-10, 11) for x in range(-10, 11)]
    padded = np.pad(noise, ((0, 0), (10, 10), (10, 10)))
    smooth = np.zeros(noise.shape)
    for dy, dx in offsets:
        weight = np.exp(-(dx * dx + dy * dy) / (2 * sigma**2)) / (2 * np.pi * sigma)
        smooth += weight * padded[:, 10 + dy : 10 + dy + height, 10 + dx : 10 + dx + width]
    across, down = strength * smooth
    made, angle = np.empty(image.shape), np.deg2rad(rotation) * turns[0]
    for row in range(height):
        for column in range(width):
            x, y = row - height // 2, column - width // 2
            h = across[row, column] + scale * max(0, turns[1]) * y
            v = down[row, column] + scale * max(0, turns[2]) * x
            h += y - y * np.cos(angle) - x * np.sin(angle)
            v += x - x * np.cos(angle) + y * np.sin(angle)
            made[:, row, column] = between(image, row - v, column - h)
    return made


def between(image, row, column):
    """The value of an image in [-1, 1] at a place between four pixels; beyond it lies -1."""
    top, left = int(np.floor(row)), int(np.floor(column))
    found = np.zeros(len(image))
    for r, share in ((top, 1 - (row - top)), (top + 1, row - top)):
        for c, part in ((left, 1 - (column - left)), (left + 1, column - left)):
            is_inside = 0 <= r < image.shape[1] and 0 <= c < image.shape[2]
            found += share * part * (image[:, r, c] if is_inside else -1.0)
    return found


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 12, 9)])
@pytest.mark.parametrize("fields", ["sample", "epoch"])
def test_elastic_is_the_published_distortion(make, words, shape, fields):
    images, size = pictures(shape), shape[1] * shape[2]
    made = done(make([call("elastic", fields=fields)], shape), images)
    for image, found, sample in zip(images, made, IDS, strict=True):
        key = int(sample) if fields == "sample" else 2**32 - 1
        noise = words(key, EPOCH, 0, 2 * size + 3) / 2.0**31 - 1.0
        turns = noise[2 * size :]
        if fields == "epoch":  # the same noise for both, and its first values for the rest
            noise[size : 2 * size] = noise[:size]
            turns = noise[[0, 0, 1]]
        field = noise[: 2 * size].reshape(2, *shape[1:])
        wanted = distorted(2.0 * image - 1.0, field, turns, 0.12, 12.0, 3.4, 4.0)
        assert np.abs(found - (wanted + 1.0) / 2.0).max() < 1e-6
        assert np.abs(found - image).max() > 0.1


def test_a_distortion_of_nothing_changes_no_bit(make):
    images = pictures((2, 9, 7))
    nothing = call("elastic", scale=0.0, rotation=0.0, strength=0.0)
    assert done(make([nothing], (2, 9, 7)), images).tobytes() == images.tobytes()


def test_a_distortion_without_bounds_leaves_the_background(make):
    images = pictures((1, 6, 6))
    assert not done(make([call("elastic", strength=1e38)], (1, 6, 6)), images).any()


def test_a_wider_gaussian_has_more_taps(make):
    images, shape = pictures((1, 30, 30)), (1, 30, 30)
    found = [done(make([call("elastic", sigma=sigma)], shape), images) for sigma in (4.0, 4.5)]
    assert np.abs(found[0] - found[1]).max() > 1e-3
    narrow = make([call("elastic", sigma=0.1, scale=0.0, rotation=0.0)], shape)
    assert len(narrow.steps[0][1]) == 4 + 3


@pytest.mark.parametrize(("kind", "name"), [("shift", "pixels"), ("crop", "padding")])
@pytest.mark.parametrize("reach", [1, 4])
def test_an_image_is_moved_as_a_part_of_the_padded_one(make, words, kind, name, reach):
    shape = (2, 7, 5)
    images = pictures(shape)
    made = done(make([call(kind, **{name: reach})], shape), images)
    for image, found, sample in zip(images, made, IDS, strict=True):
        offsets = words(int(sample), EPOCH, 0)[:2] * (2 * reach + 1) // 2**32
        top, left = (2 * reach - offsets).astype(int)
        padded = np.pad(image, ((0, 0), (reach, reach), (reach, reach)))
        assert (found == padded[:, top : top + 7, left : left + 5]).all()


def test_every_move_is_as_likely_as_any_other(make):
    samples = 2500
    images = np.zeros((samples, 1, 9, 9), np.float32)
    images[:, 0, 4, 4] = 1.0
    ids = np.arange(samples, dtype=np.uint64)
    made = done(make([call("shift", pixels=2)], (1, 9, 9)), images, ids)
    counts = made.sum(axis=0)[0, 2:7, 2:7]
    assert counts.sum() == samples
    assert np.abs(counts - samples / 25).max() < 5 * np.sqrt(samples / 25)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_left_and_right_are_exchanged(make, words, p):
    samples, shape = 400, (2, 3, 5)
    images, ids = pictures(shape, samples), np.arange(samples, dtype=np.uint64)
    made = done(make([call("flip", p=p)], shape), images, ids)
    flipped = np.array([words(k, EPOCH, 0)[0] < p * 2**32 for k in range(samples)])
    assert (made == np.where(flipped[:, None, None, None], images[..., ::-1], images)).all()
    assert abs(flipped.mean() - p) < 0.1


@pytest.mark.parametrize(("size", "fill"), [(1, 0.0), (3, 0.25), (4, 1.0), (99, 0.5)])
def test_a_square_is_cut_out(make, words, size, fill):
    shape = (2, 8, 6)
    images = pictures(shape)
    made = done(make([call("cutout", size=size, fill=fill)], shape), images)
    for image, found, sample in zip(images, made, IDS, strict=True):
        row, column = (words(int(sample), EPOCH, 0)[:2] * (8, 6) // 2**32).astype(int)
        wanted, top, left = image.copy(), row - size // 2, column - size // 2
        wanted[:, max(0, top) : max(0, top + size), max(0, left) : max(0, left + size)] = fill
        assert (found == wanted).all()
