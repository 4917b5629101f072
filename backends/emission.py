"""What a target adds to a package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..ir.graph import TrainSpec
from ..ir.model import Model


@dataclass(frozen=True, slots=True)
class Emission:
    """A target's members of a package, and remarks for the user."""

    members: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def emit_nothing(
    _model: Model, _spec: TrainSpec | None, _arch: str | None, _folder: Path
) -> Emission:
    """Of a target that needs no more than the network and its weights."""
    return Emission()


def adopt_nothing(_extras: Mapping[str, bytes], folder: Path) -> Path:
    """The kernel folder as it is."""
    return folder


def report_nothing(_extras: Mapping[str, bytes]) -> None:
    """Members of no kind say nothing."""
    return
