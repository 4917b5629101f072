"""A comparison as people read it."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType

from ..report import table_of
from .compare import SPIKE, Place
from .comparison import Comparison
from .explained import reason_text
from .reason import Reason


def shown(
    made: Comparison, document: dict[str, Any], reason: Reason | None
) -> list[RenderableType]:
    """The parts to print, one below the other."""
    parts: list[RenderableType] = [_head(document), "", table_of(*_table(document))]
    parts += ["", *_answers(document)]
    first = made.found.first
    if first is not None and reason is not None:
        parts += ["", f"first difference: {place_text(first)}", *reason_text(made, reason)]
    return parts


def _head(document: dict[str, Any]) -> str:
    samples, equal = document["samples"], document["samples_equal"]
    bins, different = document["bins"], document["bins_different"]
    lines = [
        f"a: {document['a']}",
        f"b: {document['b']}",
        f"{equal} of {samples} samples are equal; {different} of {bins} bins differ",
    ]
    if document["states_compared"]:
        lines.append(f"{document['values_different']} of {document['values']} states differ")
    return "\n".join(lines)


def _table(document: dict[str, Any]) -> tuple[list[dict[str, object]], list[str]]:
    has_states = document["states_compared"]
    columns = ["population", "neurons", "bins that differ", "share"]
    columns += ["states that differ"] if has_states else []
    columns += ["a [Hz]", "b [Hz]", "distance [Hz]"]
    rows = [_row(p) for p in document["populations"]]
    return rows, columns


def _row(facts: dict[str, Any]) -> dict[str, object]:
    rates, distance = facts["rate_hz"], facts["rate_emd"]
    different, bins = facts["bins_different"], facts["bins"]
    return {
        "population": facts["name"],
        "neurons": facts["neurons"],
        "bins that differ": different,
        "share": f"{different / max(1, bins):.3%}",
        "states that differ": facts["values_different"],
        "a [Hz]": _number(rates["a"]),
        "b [Hz]": _number(rates["b"]),
        "distance [Hz]": _number(distance),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _answers(document: dict[str, Any]) -> list[str]:
    lines = []
    accuracy, same = document["accuracy"], document["same_class"]
    if accuracy is not None:
        lines.append(f"accuracy: a {accuracy['a']:.2%}, b {accuracy['b']:.2%}")
    if same is not None:
        lines.append(f"the same class at {same:.2%} of the samples")
    return lines


def place_text(place: Place) -> str:
    """Where it is, in words."""
    what = "" if place.state == SPIKE else f", state `{place.state}`"
    return (
        f"sample {place.sample}, step {place.step}, neuron {place.neuron} of "
        f"`{place.population}`{what}"
    )
