"""What the rows of tables are: a named kind, and the arguments that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from .graph import Value
from .ranges import Range


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a table row and its default; None means that it must be given.

    `unit` is "1", "ms", "Hz", "quantity" (a number in the coherent unit of what it is a value of,
    such as a weight), "text", "bool", "int", "expr", "shape", "level" (a number, or one a
    channel), "times" (a list, in ms), "train" (0 or 1, step by step) or "trains" (a train by class
    and output). `choices`
    lists the allowed texts; every number has a `range`. One that is `silent` is left out of a call
    where it is at its default, so that networks without it have the text that they had before there
    was such a thing; one that is also `told` stays where a program says its default.
    """

    name: str
    unit: str
    default: Value | None = None
    choices: tuple[str, ...] = ()
    range: Range | None = None
    silent: bool = False
    told: bool = False

    def problem(self, kind: str, value: Value) -> str:
        """What is wrong with a number given for it in the row `kind`; "" if nothing."""
        if self.range is not None and isinstance(value, tuple):
            problems = (self.problem(kind, each) for each in value)
            return next((problem for problem in problems if problem), "")
        if self.range is None or not isinstance(value, (int, float)) or value in self.range:
            return ""
        unit = "" if self.unit in ("1", "int", "level", "quantity") else f" {self.unit}"
        return f"`{self.name}` of `{kind}` is {value:.9g}{unit}; it must be {self.range}"

    def way_out(self) -> str:
        """What to do about a number out of its range."""
        if isinstance(self.default, (int, float)):
            return f"leave `{self.name}` out for its default, {self.default:g}"
        return f"choose a number {self.range}"


@dataclass(frozen=True, slots=True)
class Row:
    """A named kind of a table and the arguments that it takes, in positional order."""

    summary: str
    arguments: tuple[Argument, ...] = ()
    is_rising: bool = field(default=False, kw_only=True)  # each is above the one before it
