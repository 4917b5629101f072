"""What is known of a chip, as a table and as JSON."""

from __future__ import annotations

from typing import Any

from ...ir.chips.limits import LIMITS, in_words
from ...ir.chips.table import CHIPS, Chip, Form, Limit
from ...ir.deploy.entries import DEPLOY_ENTRIES
from ...ir.ranges import Range
from ..report import table_of
from .output import Output

NOT_YET = "limits and number forms alone: nothing maps a network to cores or writes a chip's image"


def show_chip(name: str, output: Output) -> None:
    """Show the chip of that name."""
    chip = CHIPS[name]
    output.document({"chip": name, **_document(chip)})
    limits: list[dict[str, object]] = [
        {"limit": each, "has": in_words(chip.limits[each]), "of": row.summary}
        for each, row in LIMITS.items()
        if each in chip.limits
    ]
    forms: list[dict[str, object]] = [
        {
            "entry": each,
            "own": _own(each, chip.forms[each]),
            "may be": str(chip.forms[each]),
            "of": row.summary,
        }
        for each, row in DEPLOY_ENTRIES.items()
        if each in chip.forms
    ]
    output.result(f"{name}: {chip.summary}", f"by {chip.source}", "")
    output.result(table_of(limits, ["limit", "has", "of"]), "")
    output.result(table_of(forms, ["entry", "own", "may be", "of"]), "")
    output.result(*(f"not said by these: {each}" for each in chip.beside), NOT_YET)


def _own(name: str, form: Form) -> str:
    return DEPLOY_ENTRIES[name].otherwise if form.own is None else str(form.own)


def _document(chip: Chip) -> dict[str, Any]:
    return {
        "summary": chip.summary,
        "source": chip.source,
        "limits": {name: _plain(limit) for name, limit in chip.limits.items()},
        "forms": {
            name: {"own": form.own, "also": _plain(form.also)} for name, form in chip.forms.items()
        },
        "beside": list(chip.beside),
        "maps": False,
    }


def _plain(limit: Limit | tuple[Any, ...]) -> Any:
    """A number; the ends of a range, or all that there may be."""
    if isinstance(limit, Range):
        return {"low": limit.low, "high": limit.high}
    return list(limit) if isinstance(limit, tuple) else limit
