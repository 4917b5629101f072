"""What a network and a chip are to the rows of limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..diagnostics import Diagnostic, Span
from ..graph import Population, Projection
from ..integers.precision import Precision
from ..model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A model after the passes, maybe without wirings, and the chip that it is to fit."""

    model: Model
    chip: str
    precision: Precision

    def of(self, *roles: str) -> list[Population]:
        """The populations of these roles."""
        return [p for p in self.model.graph.populations if p.role in roles]

    def neurons(self) -> list[Population]:
        """The populations of neurons, which have a step."""
        return [p for p in self.model.graph.populations if p.step is not None]

    def into(self) -> dict[str, list[Projection]]:
        """The projections by the population at which they end."""
        found: dict[str, list[Projection]] = {}
        for projection in self.model.graph.projections:
            found.setdefault(projection.post, []).append(projection)
        return found

    def out_of(self) -> dict[str, list[Projection]]:
        """The projections by the population at which they begin."""
        found: dict[str, list[Projection]] = {}
        for projection in self.model.graph.projections:
            found.setdefault(projection.pre, []).append(projection)
        return found

    def misfit(self, message: str, span: Span | None, way_out: str) -> Diagnostic:
        """E085: `message` says what there is, and what the chip has."""
        return Diagnostic("E085", message, span, help=way_out)


Find = Callable[[Candidate, Any], Iterable[Diagnostic]]
