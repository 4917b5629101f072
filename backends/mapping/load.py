"""The kernels of mapping: one module, compiled on first use and kept in a folder."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from ..compiled.text.modules import digest, load_module, writable
from ..compiled.text.sources import joined

Kernels = Any  # the module, whose functions are those of the files below

FILES = ("counts.py", "routes.py")
HEAD = """\
# Assembled by snncc from its kernels of mapping.
{decorator}

"""
COMPILED = 'from functools import partial\nfrom numba import njit as plain\nnjit = partial(plain, cache=True, nogil=True, error_model="numpy")'  # noqa: E501
AS_PYTHON = "def njit(function):\n    return function"
BESIDE = ("records.py",)  # decide how kernels are called, though they are no part of their text


def load_kernels(folder: Path) -> Kernels:
    """The kernels, compiled when they are first called."""
    import numba  # takes long to load

    text = kernel_source(COMPILED)
    beside = [resources.files(__package__ or "").joinpath(f).read_text() for f in BESIDE]
    name = f"snncc_mapping_{digest(numba.__version__, text, *beside)}"
    return load_module(name, text, writable(folder))


def as_python(folder: Path) -> Kernels:
    """The same as plain Python: for tests of what takes no time."""
    text = kernel_source(AS_PYTHON)
    return load_module(f"snncc_mapping_python_{digest(text)}", text, writable(folder))


def kernel_source(decorator: str) -> str:
    """The kernels as one module."""
    parts = (("mapping.kernels", FILES),)
    return HEAD.format(decorator=decorator) + joined(parts, "njit").replace("@njit\n", "@njit\n")
