"""What an `augment` line of a `train` block may say.

Only training samples are transformed, before they are encoded; `backends.augmentation` does it,
under the same names.
"""

from __future__ import annotations

from .arguments import Argument, Row
from .ranges import COUNT, NOT_NEGATIVE, SHARE, Range

SAMPLE, EPOCH = "sample", "epoch"
WIDEST = 32.0  # sigma, for the kernel to stay of a reasonable size

AUGMENTATIONS: dict[str, Row] = {
    "elastic": Row(
        "scaled by up to a share, rotated by up to so many degrees, and every pixel displaced by"
        " noise that a Gaussian has smoothed (Simard et al. 2003)",
        (
            Argument("scale", "1", 0.12, range=NOT_NEGATIVE),
            Argument("rotation", "1", 12.0, range=Range(0.0, 180.0)),
            Argument("strength", "1", 3.4, range=NOT_NEGATIVE),
            Argument("sigma", "1", 4.0, range=Range(0.0, WIDEST, is_low_open=True)),
            Argument("fields", "text", SAMPLE, (SAMPLE, EPOCH)),
        ),
    ),
    "shift": Row(
        "moved by up to so many pixels up or down, and left or right",
        (Argument("pixels", "int", 2, range=COUNT),),
    ),
    "crop": Row(
        "a part of its own size, anywhere in the image with so many pixels of 0 around it",
        (Argument("padding", "int", 4, range=COUNT),),
    ),
    "flip": Row(
        "left and right exchanged, with probability p",
        (Argument("p", "1", 0.5, range=SHARE),),
    ),
    "cutout": Row(
        "a square of so many pixels, its middle anywhere in the image, filled with one value"
        " (DeVries & Taylor 2017)",
        (
            Argument("size", "int", 8, range=COUNT),
            Argument("fill", "1", 0.0, range=SHARE),
        ),
    ),
}
