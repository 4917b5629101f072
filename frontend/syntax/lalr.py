"""The LALR machine: the parse table that lark makes of grammar.lark, and a short loop over it.

lark's own loop is not used because it looks tokens up by Python-level comparison, which for a
network of ten thousand populations costs more than everything else, and because a parse that goes
on after a mistake needs to see the stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from lark import Lark
from lark import __version__ as lark_version

from ...ir.kept import keep_sealed, kept_sealed
from .builder import builder
from .lexer import END, Token

GRAMMAR = Path(__file__).with_name("grammar.lark")


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A complete rule: how many parts it takes off the stack, and what becomes of them."""

    size: int
    rule: str
    build: Callable[[list[Any]], Any]


# By state and terminal: the state to go to, or the rule that is complete. By state and rule: the
# state to go to.
Table = dict[int, dict[str, int | Reduction]]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The parse table and, by start rule, its first and last state."""

    table: Table
    starts: dict[str, int]
    ends: dict[str, int]


@dataclass(slots=True)
class _Kept:
    """Where lark's analysis of the grammar is kept from one process to the next, if anywhere."""

    folder: Path | None = None


_kept = _Kept()


def keep_analysis_in(folder: Path) -> None:
    """Let this process find the analysis of the grammar there, or leave it there.

    It takes a third of a second to make and a twentieth to read.
    """
    _kept.folder = folder


@cache
def grammar() -> Grammar:
    """The grammar of the language, analysed once."""
    try:
        # Not in lark's promises; pyproject.toml says which versions have them.
        parser: Any = _analysis().parser
        made, builders = parser.parser._parse_table, parser.parser_conf.callbacks
    except AttributeError as error:
        message = f"snncc needs lark from 1.2.1 to below 2; this is {lark_version}"
        raise ImportError(message) from error
    reductions = {
        rule: Reduction(len(rule.expansion), str(rule.origin.name), build)
        for rule, build in builders.items()
    }
    table = {
        state: {str(kind): reductions.get(next_, next_) for kind, (_, next_) in actions.items()}
        for state, actions in made.states.items()
    }
    return Grammar(table, dict(made.start_states), dict(made.end_states))


def _analysis() -> Lark:
    text = GRAMMAR.read_text(encoding="utf-8")
    options: dict[str, Any] = {"transformer": builder}
    if _kept.folder is None:
        return _analyse(text, options)
    path = _kept.folder / "grammar.lalr"
    content = kept_sealed(path, text, lark_version, sys.version)
    if content is not None:
        return Lark.__new__(Lark)._load(BytesIO(content), **options)
    made = _analyse(text, options)
    written = BytesIO()
    made.save(written, exclude_options=options)
    keep_sealed(path, written.getvalue(), text, lark_version, sys.version)
    return made


def _analyse(text: str, options: dict[str, Any]) -> Lark:
    starts = ["file", "expression"]
    return Lark(text, parser="lalr", start=starts, maybe_placeholders=True, **options)


class Unexpected(Exception):
    """A token that cannot follow what was read."""


@dataclass(slots=True)
class Machine:
    """A parse under way: states, and for each but the first what was read to reach it, and where
    that begins in the text."""

    grammar: Grammar
    start: str
    states: list[int] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states.append(self.grammar.starts[self.start])

    def feed(self, token: Token) -> Any:
        """Read one token. After the END token: the tree."""
        table, states = self.grammar.table, self.states
        kind, end = token.type, self.grammar.ends[self.start]
        while True:
            action = table[states[-1]].get(kind)
            if action.__class__ is int:
                states.append(action)
                self.values.append(token)
                self.places.append(token.start)
                return None
            if not isinstance(action, Reduction):
                self._complete(token.start)
                raise Unexpected
            self._reduce(action, token.start)
            if states[-1] == end and kind == END:
                return self.values[-1]

    def _reduce(self, action: Reduction, here: int) -> None:
        parts = _pop(action.size, self.states, self.values)
        value = action.build(parts)
        self.states.append(self.grammar.table[self.states[-1]][action.rule])  # type: ignore[arg-type]
        self.values.append(value)
        if action.size:
            del self.places[len(self.values) :]
        else:
            self.places.append(here)

    def _complete(self, here: int) -> None:
        """Build what is whole, whatever may follow it."""
        while len(actions := {*self.grammar.table[self.states[-1]].values()}) == 1:
            (action,) = actions
            if not isinstance(action, Reduction):
                return
            self._reduce(action, here)

    def accepted(self, depth: int | None = None) -> frozenset[str]:
        """The terminals that can follow, were only the first `depth` states left."""
        states = self.states[:depth]
        if states[-1] == self.grammar.ends[self.start]:
            # A token that cannot follow here, but elsewhere, completed the whole before it failed.
            return frozenset({END})
        kinds = [kind for kind in self.grammar.table[states[-1]] if kind.isupper()]
        return frozenset(kind for kind in kinds if self._shift(list(states), kind))

    def shifts(self, kind: str, depth: int) -> bool:
        """Whether the terminal could follow at once, were only the first `depth` states left."""
        action = self.grammar.table[self.states[depth - 1]].get(kind)
        return isinstance(action, int) or (kind == END and action is not None)

    def follow(self, kinds: Iterable[str], depth: int) -> bool:
        """Whether the terminals could follow one another, were only so many states left."""
        states = self.states[:depth]
        return all(self._shift(states, kind) for kind in kinds)

    def _shift(self, states: list[int], kind: str) -> bool:
        """Whether the terminal can follow; if so, the states with it."""
        table, end = self.grammar.table, self.grammar.ends[self.start]
        while True:
            action = table[states[-1]].get(kind)
            if not isinstance(action, Reduction):
                if action is not None:
                    states.append(action)
                return action is not None
            del states[len(states) - action.size :]
            goto = table[states[-1]][action.rule]
            assert isinstance(goto, int)
            states.append(goto)
            if goto == end and kind == END:
                return True

    def unwind(self, depth: int) -> int | None:
        """Forget all but the first `depth` states; where in the text begins what is forgotten."""
        del self.states[depth:]
        del self.values[depth - 1 :]
        # What could not be built is no value any more, but still has a place.
        forgotten = self.places[depth - 1 :]
        del self.places[depth - 1 :]
        return forgotten[0] if forgotten else None


def _pop(size: int, states: list[int], values: list[Any]) -> list[Any]:
    if size == 0:
        return []
    parts = values[-size:]
    del states[-size:]
    del values[-size:]
    return parts
