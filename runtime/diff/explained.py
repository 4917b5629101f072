"""The reason of the first difference in words and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType

from ..report import table_of
from .cause import Cause
from .change import TIE, UNKNOWN
from .compare import Place
from .comparison import Comparison
from .evidence import Arrival, Seen
from .reason import LABELS, Reason

MOST = 12  # arrivals that are shown; JSON has all


def evidence_text(place: Place, reason: Reason, has_states: bool) -> str:
    """Why the sides part, in one sentence of numbers."""
    cause, judged = reason.cause, LABELS[reason.judged]
    parts = []
    if reason.judged == reason.network:
        other = LABELS[1 - reason.network]
        parts.append(f"replayed by itself in float64, the network does as {other}, not as {judged}")
    if not cause.neurons:
        parts.append(cause.said)
        return "; ".join(parts)
    parts.append(_explanation(place, cause, judged, has_states))
    if cause.margin is not None and cause.cause in (TIE, UNKNOWN):
        within = "within" if abs(cause.margin) <= (cause.bound or 0.0) else "beyond"
        told = f"the margin to the threshold is {cause.margin:.3g}, {within} the {cause.bound:.2g}"
        parts.append(f"{told} that rounding in float32 may make")
    if cause.others:
        parts.append(f"as well explained by {'; '.join(cause.others)}")
    if reason.borrowed:
        names = ", ".join(f"`{name}`" for name in reason.borrowed)
        parts.append(f"what {names} sent is known of the other side only")
    return "; ".join(parts)


def _explanation(place: Place, cause: Cause, judged: str, has_states: bool) -> str:
    alike = f"fire as in {judged}" + (" and have its states" if has_states else "")
    samples = "1 sample" if cause.samples == 1 else f"{cause.samples} samples"
    where = f"neurons of `{place.population}` in {samples} {alike}"
    is_all = cause.explained == cause.neurons > 1
    share = "all" if is_all else f"{cause.explained} of"
    if not cause.said:
        told = f"{cause.unchanged} of {cause.neurons} {where}"
        return f"of {cause.tried} changes none explains it; {told}"
    told = f"with {cause.said} {share} {cause.neurons} {where}; unchanged {cause.unchanged} do"
    if cause.cause == UNKNOWN:
        return f"of {cause.tried} changes none explains it: {told}"
    return told


def reason_text(made: Comparison, reason: Reason) -> list[RenderableType]:
    """The parts to print below the place."""
    place = made.found.first
    assert place is not None
    parts: list[RenderableType] = [
        f"  {label}: {_seen_text(seen, place)}"
        for label, seen in zip(LABELS, reason.sides, strict=True)
    ]
    rows = _arrival_rows(reason)
    if rows:
        parts += ["", f"what arrives in step {place.step}:"]
        parts.append(table_of(rows[:MOST], ["from", "neuron", "weight", "delay", "sent", "side"]))
    if len(rows) > MOST:
        parts.append(f"and {len(rows) - MOST} more; --json has all of them")
    evidence = evidence_text(place, reason, made.has_states)
    return [*parts, "", f"cause: {reason.cause.cause}", f"  {evidence}"]


def _seen_text(seen: Seen, place: Place) -> str:
    text = "fires" if seen.spike else "is silent"
    if seen.after is None:
        return f"{text}; its states are not known"
    before = seen.before or {}
    states = [
        f"{name} {_changed(before.get(name), value, seen.codes.get(name))}"
        for name, value in seen.after.items()
    ]
    return f"{text}; {', '.join(states)}" if states else text


def _changed(before: float | None, after: float, code: float | None) -> str:
    """The numbers, and of codes what they are worth."""
    ends = [after] if before is None else [before, after]
    text = " -> ".join(f"{x:.10g}" if code else f"{x:.7g}" for x in ends)
    return f"{text} ({' -> '.join(f'{x * code:.4g}' for x in ends)})" if code else text


def _arrival_rows(reason: Reason) -> list[dict[str, object]]:
    """The arrivals of both sides, those of one side alone first."""
    a, b = (set(s.arriving or ()) for s in reason.sides)
    known = [label for label, s in zip(LABELS, reason.sides, strict=True) if s.arriving is not None]
    rows = [(_side(each, a, b, known), each) for each in a | b]
    rows.sort(key=lambda row: (row[0] == "both", row[1]))
    return [
        {
            "from": each.population,
            "neuron": each.neuron,
            "weight": f"{each.weight:.6g}" + ("" if each.value is None else f" ({each.value:.4g})"),
            "delay": each.delay,
            "sent": f"{each.sent:.6g}",
            "side": side,
        }
        for side, each in rows
    ]


def _side(each: Arrival, a: set[Arrival], b: set[Arrival], known: list[str]) -> str:
    if each in a and each in b:
        return "both"
    label = LABELS[0] if each in a else LABELS[1]
    return label if len(known) > 1 else f"{label}; the other one is not known"


def reason_document(made: Comparison, reason: Reason) -> dict[str, Any]:
    """What is added to the first difference."""
    place, cause = made.found.first, reason.cause
    assert place is not None
    return {
        **{k: _seen_document(s) for k, s in zip(LABELS, reason.sides, strict=True)},
        "inputs": {k: _arrivals(s) for k, s in zip(LABELS, reason.sides, strict=True)},
        "cause": cause.cause,
        "evidence": evidence_text(place, reason, made.has_states),
        "change": cause.said,
        "as": LABELS[reason.judged],
        "neurons": cause.neurons,
        "explained": cause.explained,
        "unchanged": cause.unchanged,
        "samples_replayed": cause.samples,
        "changes_tried": cause.tried,
        "others": list(cause.others),
        "margin": cause.margin,
        "margin_bound": cause.bound,
        "borrowed": list(reason.borrowed),
    }


def _seen_document(seen: Seen) -> dict[str, Any]:
    return {
        "spike": seen.spike,
        "codes": dict(seen.codes) or None,
        "state": None
        if seen.after is None
        else {"before": _finite(seen.before), "after": _finite(seen.after)},
    }


def _finite(states: Mapping[str, float] | None) -> dict[str, Any] | None:
    """The states; JSON knows no infinity, so that is a text."""
    if states is None:
        return None
    return {n: x if x - x == 0 else str(x) for n, x in states.items()}


def _arrivals(seen: Seen) -> list[dict[str, Any]] | None:
    return None if seen.arriving is None else [each._asdict() for each in seen.arriving]
