"""What is known of a chip, as a table and as JSON."""

from __future__ import annotations

from typing import Any

from ...ir.chips.cores import CORES
from ...ir.chips.limits import LIMITS, in_words
from ...ir.chips.table import CHIPS, Chip, Form, Limit
from ...ir.deploy.entries import DEPLOY_ENTRIES
from ...ir.ranges import Range
from ..report import table_of
from .output import Output

NOT_YET = "limits and number forms alone: nothing lays a network out on cores of it"


def show_chip(name: str, output: Output) -> None:
    """Show the chip of that name."""
    chip = CHIPS[name]
    cores = _core(name) if name in CORES else None
    output.document({"chip": name, **_document(chip), "maps": name in CORES, "core": cores})
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
    output.result(*(f"not said by these: {each}" for each in chip.beside), *_mapped(name))


def _mapped(name: str) -> list[str]:
    """What is known of the cores of a chip that networks are laid out on."""
    if name not in CORES:
        return [NOT_YET]
    held = [f"{what} {most}" for what, most in _core(name).items()]
    return [f"a core, for `snncc map --target {name}`: {', '.join(held)}"]


def _core(name: str) -> dict[str, int]:
    row, fields = CORES[name], ("neurons", "axons_in", "axons_out", "synapse_bytes")
    named = {field: getattr(row, field) for field in (*fields, "settings", "thresholds")}
    return {field: most for field, most in named.items() if most is not None}


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
    }


def _plain(limit: Limit | tuple[Any, ...]) -> Any:
    """A number; the ends of a range, or all that there may be."""
    if isinstance(limit, Range):
        return {"low": limit.low, "high": limit.high}
    return list(limit) if isinstance(limit, tuple) else limit
