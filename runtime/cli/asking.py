"""The options of commands that make integers: one for every line of a `deploy` block."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from ...ir.deploy.entries import DEPLOY_ENTRIES, Choice, DeployEntry, problem
from ...ir.graph import Graph
from ...ir.report import nearest

SAID, PROJECTION = "said", "projection"


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says: `values` by rows of DEPLOY_ENTRIES, and of single projections as
    it was typed, NAME:bits=N."""

    values: Mapping[str, Choice]
    of_projections: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The names of what it says."""
        return (*self.values, *((PROJECTION,) if self.of_projections else ()))

    def bits(self, graph: Graph) -> dict[str, int]:
        """The bits of single projections; wrong usage if one is not there, or has no such bits."""
        names, found = [p.name for p in graph.projections], {}
        allowed = DEPLOY_ENTRIES["bits"].range
        for text in self.of_projections:
            name, sign, number = text.rpartition(":bits=")
            if not sign or not number.isdecimal() or int(number) not in allowed:
                ends = f"N from {allowed.low:g} to {allowed.high:g}"
                raise _wrong(f"`{text}` is not NAME:bits=N, {ends}", "-P")
            if name not in names:
                known = nearest(name, names) or f"known are {', '.join(names)}"
                raise _wrong(f"no projection `{name}`; {known}", "-P")
            found[name] = int(number)
        return found


def takes_choices(*but: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command with these options in place of its parameter `said`, `but` for entries that it
    has another option of that name for."""
    entries = {name: entry for name, entry in DEPLOY_ENTRIES.items() if name not in but}

    def with_choices(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def taking(**given: Any) -> None:
            chosen = {name: given.pop(name) for name in entries}
            values = {name: _checked(name, v) for name, v in chosen.items() if v is not None}
            said = Said(values, tuple(given.pop(PROJECTION) or ()))
            command(**given, **{SAID: said})

        signature = inspect.signature(command, eval_str=True)
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            parameters += _options(entries) if parameter.name == SAID else [parameter]
        taking.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return taking

    return with_choices


def _options(entries: Mapping[str, DeployEntry]) -> list[inspect.Parameter]:
    rows = [(name, _annotation(name, entry)) for name, entry in entries.items()]
    option = typer.Option(
        "--projection", "-P", metavar="NAME:bits=N", help="of the weights of one projection"
    )
    rows.insert(1, (PROJECTION, Annotated[list[str] | None, option]))
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [inspect.Parameter(n, kind, default=None, annotation=a) for n, a in rows]


def _annotation(name: str, entry: DeployEntry) -> Any:
    rows = "" if entry.rows is None else f": {', '.join(entry.rows)}"
    default = entry.otherwise if entry.default is None else entry.default
    about = f"{entry.summary}{rows}; default: the program's, else {default}"
    if entry.rows is not None:
        return Annotated[str | None, typer.Option(entry.option(name), help=about)]
    if entry.is_quantity:
        return Annotated[float | None, typer.Option(entry.option(name), help=about)]
    low, high = int(entry.range.low), int(entry.range.high)
    option = typer.Option(entry.option(name), min=low, max=high, help=about)
    return Annotated[int | None, option]


def _checked(name: str, value: Choice) -> Choice:
    rows = DEPLOY_ENTRIES[name].rows
    if rows is not None and value not in rows:
        way_out = nearest(str(value), rows) or f"choose from {', '.join(rows)}"
        raise _wrong(f"there is no `{value}`: {way_out}", DEPLOY_ENTRIES[name].option(name))
    wrong = problem(name, value)
    if wrong:
        raise _wrong(wrong, DEPLOY_ENTRIES[name].option(name))
    return value


def _wrong(message: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=option)
