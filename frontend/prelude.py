"""The neuron models that every program knows, written in the language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("prelude")


@cache
def prelude_names() -> tuple[str, ...]:
    """The names of the models; the file `lif.snn` defines `lif`."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.snn")))


def prelude_path(name: str) -> Path:
    """The file of a model of the prelude."""
    return _FOLDER / f"{name}.snn"
