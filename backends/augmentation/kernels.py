"""Transformations of images f32[S, C, H, W], in place, keyed by the samples' ids u64[S].

Each is called as (images, ids, epoch, place, key0, key1, numbers): its random words are those of
philox(counter = (0, 1, …, place, id, epoch), key), whatever else is transformed, on however many
threads and whenever. `place` is that among all transformations of a training, `numbers` f64[…]
what its row of `table.TRANSFORMS` makes of its call. All channels are transformed alike.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..compiled.formulas import MASK, WORD, formula, philox

ZERO = np.uint64(0)
NOBODY = np.uint64(0xFFFFFFFF)  # in place of an id: what all samples of an epoch share
WORDS = 2.0**32  # that a random word can be
AMPLITUDE = 2.0**-31  # from words to [0, 2)
HEAD = 4  # numbers of `distort` before its taps


@formula
def below(word, count):  # type: ignore[no-untyped-def]
    """A whole number of 0 … count - 1."""
    return np.int64((word * np.uint64(count)) >> WORD)


@njit
def move(images, ids, epoch, place, key0, key1, numbers):  # type: ignore[no-untyped-def]
    """Moved by up to so many pixels down and right, or up and left; what comes in is 0."""
    reach = np.int64(numbers[0])
    room = np.empty(images.shape[1:], np.float32)
    height, width = images.shape[2], images.shape[3]
    for s in range(len(images)):
        word0, word1, _, _ = philox(ZERO, place, ids[s] & MASK, epoch, key0, key1)
        down, right = below(word0, 2 * reach + 1) - reach, below(word1, 2 * reach + 1) - reach
        top, bottom = max(0, down), min(height, height + down)
        left, end = max(0, right), min(width, width + right)
        room[:] = np.float32(0.0)
        for c in range(images.shape[1]):
            for row in range(top, bottom):
                for column in range(left, end):
                    room[c, row, column] = images[s, c, row - down, column - right]
        images[s] = room


@njit
def flip(images, ids, epoch, place, key0, key1, numbers):  # type: ignore[no-untyped-def]
    """Left and right exchanged with probability numbers[0]."""
    width = images.shape[3]
    for s in range(len(images)):
        word, _, _, _ = philox(ZERO, place, ids[s] & MASK, epoch, key0, key1)
        if np.float64(word) < numbers[0] * WORDS:
            for c in range(images.shape[1]):
                for row in range(images.shape[2]):
                    for column in range(width // 2):
                        other = images[s, c, row, width - 1 - column]
                        images[s, c, row, width - 1 - column] = images[s, c, row, column]
                        images[s, c, row, column] = other


@njit
def cut(images, ids, epoch, place, key0, key1, numbers):  # type: ignore[no-untyped-def]
    """A square of numbers[0] pixels, cut off at the edges, filled with numbers[1]."""
    size, fill = np.int64(numbers[0]), np.float32(numbers[1])
    height, width = images.shape[2], images.shape[3]
    for s in range(len(images)):
        word0, word1, _, _ = philox(ZERO, place, ids[s] & MASK, epoch, key0, key1)
        top, left = below(word0, height) - size // 2, below(word1, width) - size // 2
        for c in range(images.shape[1]):
            for row in range(max(0, top), min(height, top + size)):
                for column in range(max(0, left), min(width, left + size)):
                    images[s, c, row, column] = fill


@njit
def distort(images, ids, epoch, place, key0, key1, numbers):  # type: ignore[no-untyped-def]
    """Scaled, rotated and displaced by a smooth field; see `displace` and `warp`."""
    height, width = images.shape[2], images.shape[3]
    noise = np.empty((2 * height * width + 3 + 3) // 4 * 4)
    across, fields = np.empty((height, width)), np.empty((2, height, width))
    room = np.empty(images.shape[1:], np.float32)
    is_shared = numbers[3] > 0.0
    for s in range(len(images)):
        if s == 0 or not is_shared:
            sample = NOBODY if is_shared else ids[s] & MASK
            displace(sample, epoch, place, key0, key1, numbers, noise, across, fields)
        warp(images[s], fields, room)
        images[s] = room


@njit
def displace(sample, epoch, place, key0, key1, numbers, noise, across, fields):  # type: ignore[no-untyped-def]
    """fields f64[2, H, W] = how far every pixel is moved right and down.

    `numbers` are the most that it is scaled, the largest angle, the strength of the noise, whether
    the field is shared, and the taps of the Gaussian. One that is shared is that of the authors'
    code of HM2-BP and ST-RSBP: the same noise moves pixels right and down, and its first two values
    are those of angle and scale.
    """
    height, width = across.shape
    pixels = height * width
    for block in range(len(noise) // 4):
        words = philox(np.uint64(block), place, sample, epoch, key0, key1)
        for k in range(4):
            noise[4 * block + k] = np.float64(words[k]) * AMPLITUDE - 1.0
    turn, wide, high = noise[2 * pixels], noise[2 * pixels + 1], noise[2 * pixels + 2]
    if numbers[3] > 0.0:
        for k in range(pixels):
            noise[pixels + k] = noise[k]
        turn, wide, high = noise[0], noise[0], noise[1]
    for k in range(2):
        smooth(noise[k * pixels : (k + 1) * pixels], numbers[HEAD:], numbers[2], across, fields[k])
    stretch(numbers[0] * max(0.0, wide), numbers[0] * max(0.0, high), numbers[1] * turn, fields)


@njit
def smooth(noise, taps, strength, across, found):  # type: ignore[no-untyped-def]
    """found f64[H, W] = strength times the noise f64[H W], convolved with taps x taps; beyond the
    edges lies 0."""
    height, width = across.shape
    reach = len(taps) // 2
    for row in range(height):
        for column in range(width):
            across[row, column] = found[row, column] = 0.0
        for k in range(len(taps)):
            first = row * width + k - reach
            for column in range(max(0, reach - k), min(width, width + reach - k)):
                across[row, column] += taps[k] * noise[first + column]
    for row in range(height):
        for k in range(max(0, reach - row), min(len(taps), height + reach - row)):
            for column in range(width):
                found[row, column] += taps[k] * across[row + k - reach, column]
        for column in range(width):
            found[row, column] *= strength


@njit
def stretch(wide, high, angle, fields):  # type: ignore[no-untyped-def]
    """Add to the fields a scaling by these shares and a rotation by the angle, about the pixel in
    the middle."""
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = fields.shape[1], fields.shape[2]
    for row in range(height):
        for column in range(width):
            x, y = np.float64(row - height // 2), np.float64(column - width // 2)
            fields[0, row, column] += wide * y + (y - y * cos - x * sin)
            fields[1, row, column] += high * x + (x - x * cos + y * sin)


@njit
def warp(image, fields, found):  # type: ignore[no-untyped-def]
    """found f32[C, H, W] = the image where each pixel comes from, between four pixels in
    proportion; beyond the edges it is 0."""
    height, width = image.shape[1], image.shape[2]
    for row in range(height):
        for column in range(width):
            x, y = column - fields[0, row, column], row - fields[1, row, column]
            is_near = x > -1.0 and x < width and y > -1.0 and y < height
            left, top = np.int64(0), np.int64(0)
            if is_near:
                left, top = np.int64(math.floor(x)), np.int64(math.floor(y))
            right, down = x - left, y - top
            for c in range(len(image)):
                value = 0.0
                if is_near:
                    value = (
                        (1.0 - down) * (1.0 - right) * pixel(image, c, top, left)
                        + (1.0 - down) * right * pixel(image, c, top, left + 1)
                        + down * (1.0 - right) * pixel(image, c, top + 1, left)
                        + down * right * pixel(image, c, top + 1, left + 1)
                    )
                found[c, row, column] = np.float32(value)


@formula
def pixel(image, c, row, column):  # type: ignore[no-untyped-def]
    """A value of the image f32[C, H, W], 0 beyond its edges."""
    is_inside = row >= 0 and row < image.shape[1] and column >= 0 and column < image.shape[2]
    return np.float64(image[c, row, column]) if is_inside else 0.0
