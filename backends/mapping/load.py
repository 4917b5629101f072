"""The kernels of mapping: one module, compiled on first use and kept in a folder."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from ..compiled.text.modules import digest, load_module, writable
from ..compiled.text.sources import joined

Kernels = Any  # the module, whose functions are those of the files below

FILES = (
    "random.py",
    "counts.py",
    "routes.py",
    "swaps.py",
    "waits.py",
    "coarse.py",
    "near.py",
    "cuts.py",
    "refine.py",
    "relief.py",
    "ease.py",
    "fill.py",
)
HEAD = "# Assembled by snncc from its kernels of mapping.\n"
# Of those that are called from here, and of what is part of its callers.
KERNEL = '@njit(cache=True, nogil=True, error_model="numpy")'
INNER = '@njit(forceinline=True, error_model="numpy")'
BESIDE = ("records.py",)  # decide how kernels are called, though they are no part of their text


def load_kernels(folder: Path) -> Kernels:
    """The kernels, compiled when they are first called."""
    import numba  # takes long to load

    text = kernel_source(KERNEL, INNER)
    beside = [resources.files(__package__ or "").joinpath(f).read_text() for f in BESIDE]
    name = f"snncc_mapping_{digest(numba.__version__, text, *beside)}"
    return load_module(name, text, writable(folder))


def as_python(folder: Path) -> Kernels:
    """The same as plain Python: for tests of what takes no time."""
    text = kernel_source("", "")
    return load_module(f"snncc_mapping_python_{digest(text)}", text, writable(folder))


def kernel_source(kernel: str, inner: str) -> str:
    """The kernels as one module, with these decorators."""
    text = joined((("mapping.kernels", FILES),), "njit")
    text = text.replace("@njit\n", f"{kernel}\n").replace("@njit(forceinline=True)\n", f"{inner}\n")
    return HEAD + text
