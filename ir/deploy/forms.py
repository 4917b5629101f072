"""What is asked of integers that a chip does not have."""

from __future__ import annotations

from ..chips.table import CHIPS, Form
from ..diagnostics import Diagnostic
from .choices import DEFAULT, OPTION, TARGET, Asked, Chosen
from .entries import DEPLOY_ENTRIES


def contradictions(asked: Asked) -> tuple[Diagnostic, ...]:
    """E086 for each value that the chip, if one is named, does not have: at its line of the
    program, or without a place, of an option."""
    if asked.chip is None:
        return ()
    forms = CHIPS[asked.chip].forms
    found = [
        _contradiction(name, chosen, forms[name], asked, name)
        for name, chosen in asked.values.items()
        if name in forms and chosen.value not in forms[name]
    ]
    for projection, chosen in asked.bits.items():
        if chosen.value not in forms["bits"]:
            found.append(_contradiction("bits", chosen, forms["bits"], asked, projection))
    return tuple(found)


def _contradiction(name: str, chosen: Chosen, form: Form, asked: Asked, place: str) -> Diagnostic:
    assert chosen.origin not in (DEFAULT, TARGET), name
    option = DEPLOY_ENTRIES[name].option(name) if chosen.origin == OPTION else name
    of = f" of `{place}`" if place != name else ""
    return Diagnostic(
        "E086",
        f"`{option}`{of} is {chosen.value}, and `{asked.chip}` has {form}",
        None if chosen.origin == OPTION else asked.places.get(place),
        help=f"leave it out: the chip's own is {'none' if form.own is None else form.own}",
    )
