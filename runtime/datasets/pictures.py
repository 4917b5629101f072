"""Folders of images, one a class: `{train,test}/{class}/*.png`, or `{class}/*.png`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...backends.artifact.storage import unreadable
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Value
from .data import Array, Data, damaged, opened, room
from .split import Part, Parts, parts

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
GRAY = ("1", "L", "I;16")  # kinds of pixels
MODES = {"gray": "L", "rgb": "RGB"}
MOST_PIXELS = 1 << 24  # of an image


def load_pictures(arguments: dict[str, Value], split: str) -> Data:
    """The split of a folder: its folders `train` and `test`, else a share of all, or the folder
    that `test` names. Values are [samples, height, width] of gray images, else [samples, 3, height,
    width]. CompileError: E061 for what are no such images, E063 for what cannot be read, E070
    without Pillow."""
    folder, mode = Path(str(arguments["path"])), str(arguments["mode"])
    both = _parts(folder, mode, arguments)
    return both.data(split, arguments["classes"], lambda part: part.values / np.float32(255.0))


def _parts(folder: Path, mode: str, arguments: dict[str, Value]) -> Parts:
    if not {"train", "test"} <= {p.name for p in _folders(folder)} or arguments["test"]:
        return parts(_part(folder, mode), arguments, lambda path: _part(path, mode))
    return Parts(_part(folder / "train", mode), _part(folder / "test", mode))


def _part(folder: Path, mode: str) -> Part:
    """All images of a folder, class by class, each in the order of its names."""
    files = [(c.name, path) for c in _folders(folder) for path in _images(c)]
    if not files:
        message = "has no folders of images, one a class"
        raise damaged(folder, message, f"images end in {', '.join(ENDINGS)}")
    first = _pixels(files[0][1], mode)
    if len(files) * first.nbytes * 5 > room():  # as bytes, and as float32
        size = f"{len(files) * first.nbytes * 5 / 1e9:.3g} GB"
        raise damaged(folder, f"has {len(files)} images, which would take {size} of memory")
    values = np.zeros((len(files), *first.shape), np.uint8)
    for k, (_, path) in enumerate(files):
        pixels = _pixels(path, mode)
        if pixels.shape != first.shape:
            problem = f"is of shape {list(pixels.shape)}, and `{files[0][1]}` of {first.shape}"
            raise damaged(path, problem, "all images are of one size: scale them, or say `mode`")
        values[k] = pixels
    return Part(values, np.array([name for name, _ in files]), folder)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in _listed(folder) if path.is_dir())


def _images(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(_listed(folder)) if p.suffix.lower() in ENDINGS and p.is_file())


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise unreadable(folder, error) from error


def _pixels(path: Path, mode: str) -> Array:
    """The bytes of an image, gray or in colour as it is, unless `mode` says which."""
    pillow = _pillow(path)
    with opened(path) as file:
        try:
            image = pillow.open(file, formats=FORMATS)
            _require_small(image, path)
            wanted = MODES.get(mode) or ("L" if image.mode in GRAY else "RGB")
            pixels = np.asarray(image.convert(wanted), np.uint8)
        except (OSError, SyntaxError, ValueError, EOFError, pillow.DecompressionBombError) as error:
            raise damaged(path, f"is no image: {error}") from error
    return pixels if wanted == "L" else pixels.transpose(2, 0, 1)


def _require_small(image: Any, path: Path) -> None:
    if image.width * image.height > MOST_PIXELS:
        size = f"{image.width} x {image.height}"
        raise damaged(path, f"has {size} pixels, and {MOST_PIXELS} are the most", "scale it down")


def _pillow(path: Path) -> Any:
    try:
        from PIL import Image
    except ImportError:
        message = f"Pillow is not installed, so that `{path}` cannot be read"
        way_out = "pip install 'snncc[images]', or pip install pillow"
        raise CompileError(Diagnostic("E070", message, help=way_out)) from None
    return Image
