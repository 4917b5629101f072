"""Damaged data and weight files of every kind that is read: only diagnostics come of them."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from damage import AMOUNTS, outcomes
from safetensors.numpy import save

from snncc.frontend.lower.weights import read_weights
from snncc.frontend.stored.arrays import within
from snncc.ir.diagnostics import Source, Span
from snncc.ir.graph import Call
from snncc.runtime.datasets.arrays import load_npy
from snncc.runtime.datasets.data import Data
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from

SPAN = Span(Source("t.snn", "x"), 0, 1)
SETTINGS = settings_from({})
VALUES = np.linspace(0, 1, 24, dtype=np.float32).reshape(6, 2, 2)
LABELS = np.array([0, 1, 2, 0, 1, 2])
IMAGES = b"\0\0\x08\3\0\0\0\6\0\0\0\2\0\0\0\2" + bytes(range(0, 240, 10))
CLASSES = b"\0\0\x08\1\0\0\0\6" + bytes(LABELS.tolist())
TABLE = "\n".join(f"{k},{k / 8},{k * k},{'ab'[k % 2]}" for k in (3, 1, 4, 1, 5, 9)).encode()
FEW = within(10**6)


def numpy_file(write: Callable[..., None], *arrays: object, **named: object) -> bytes:
    buffer = io.BytesIO()
    write(buffer, *arrays, **named)
    return buffer.getvalue()


def png(size: int = 6) -> bytes:
    """A gray image."""
    rows = b"".join(b"\0" + bytes(range(k, k + size)) for k in range(size))
    parts = {b"IHDR": struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)}
    parts |= {b"IDAT": zlib.compress(rows), b"IEND": b""}
    chunks = (
        struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c))
        for n, c in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


RECORDS = b"".join(bytes([k % 10]) + bytes(range(256)) * 12 for k in range(6))


def data(kind: str, name: str, **more: object) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        paths = {k: str(folder / str(v)) if k in ("labels",) else v for k, v in more.items()}
        call = Call(kind, (("path", str(folder / name)), *paths.items()))  # type: ignore[arg-type]
        for split in ("train", "test"):
            _check(load(call, split, SETTINGS))

    return read


def _check(found: Data) -> None:
    assert found.values.min() >= 0
    assert found.values.max() <= 1
    assert found.labels.min() >= 0
    assert found.labels.max() < found.classes
    assert len(found.labels) == len(found.values)


def weights(name: str) -> Callable[[Path], None]:
    def read(folder: Path) -> None:
        table = read_weights(folder / name, "", FEW, SPAN)
        assert table.ndim == 2
        assert np.isfinite(table).all()

    return read


# The name of the file, its content, what reads it; the other files beside it are whole.
KINDS: dict[str, tuple[str, bytes, Callable[[Path], None]]] = {
    "csv": ("d.csv", TABLE, data("csv", "d.csv")),
    "csv, packed": ("d.csv.gz", gzip.compress(TABLE, mtime=0), data("csv", "d.csv.gz")),
    "npz": ("d.npz", numpy_file(np.savez, x=VALUES, y=LABELS), data("npz", "d.npz")),
    "npz, deflated": (
        "d.npz",
        numpy_file(np.savez_compressed, x=VALUES, y=LABELS.astype(str)),
        data("npz", "d.npz"),
    ),
    "npy": ("d.npy", numpy_file(np.save, VALUES[:, 0]), lambda f: _check(load_npy(f / "d.npy"))),
    "idx images": ("images", IMAGES, data("idx", "images", labels="labels")),
    "idx labels": ("labels", CLASSES, data("idx", "images", labels="labels")),
    "idx, packed": (
        "packed",
        gzip.compress(IMAGES, mtime=0),
        data("idx", "packed", labels="labels"),
    ),
    "cifar, packed": ("a.bin", gzip.compress(RECORDS, mtime=0), data("cifar", "a.bin")),
    "images": ("pictures/a/0.png", png(), data("images", "pictures")),
    "weights in npy": ("w.npy", numpy_file(np.save, VALUES[0]), weights("w.npy")),
    "weights in npz": ("w.npz", numpy_file(np.savez, w=VALUES[0]), weights("w.npz")),
    "weights in npz, deflated": (
        "w.npz",
        numpy_file(np.savez_compressed, w=np.eye(20)),
        weights("w.npz"),
    ),
    "weights in safetensors": ("w.safetensors", save({"w": VALUES[0]}), weights("w.safetensors")),
    "weights in csv": ("w.csv", b"pre,post,weight\n0,1,0.5\n1,2,-3e4\n", weights("w.csv")),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", AMOUNTS)
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, kind: str, most: int) -> None:
    name, content, read = KINDS[kind]
    (tmp_path / "images").write_bytes(IMAGES)
    (tmp_path / "labels").write_bytes(CLASSES)
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    for k in range(6):
        (tmp_path / "pictures" / "a" / f"{k}.png").write_bytes(png())

    def read_copy(copy: bytes) -> None:
        (tmp_path / name).write_bytes(copy)
        read(tmp_path)

    read_copy(content)
    found = outcomes(content, most, read_copy, {"E061", "E063"})
    assert found.total() > (most or 1000) / 2
    assert found["E061"] + found["E063"] > 0
