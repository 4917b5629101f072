"""The LALR machine: the parse table that lark makes of grammar.lark, and a short loop over it.

lark's own loop is not used because it looks tokens up by Python-level comparison, which for a
network of ten thousand populations costs more than everything else, and because a parse that goes
on after a mistake needs to see the stack.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from lark import Lark
from lark import __version__ as lark_version

from ...ir.diagnostics import Span
from ...ir.kept import keep_sealed, kept_sealed
from .lexer import END, Token
from .rules import Build, build_of, in_turn

GRAMMAR = Path(__file__).with_name("grammar.lark")


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A complete rule: how many parts it takes off the stack, and what becomes of them."""

    size: int
    rule: str
    build: Build


# By terminal: the state to go to, or the rule that is complete; by rule: the state to go to.
Row = dict[str, int | Reduction]


Chain = tuple[Callable[[Any], Any], int]


@dataclass(frozen=True, slots=True)
class Grammar:
    """The parse table by states and, by start rule, its first and last state."""

    table: dict[int, Row]
    starts: dict[str, int]
    ends: dict[str, int]
    chains: dict[tuple[int, int, str], Chain] = field(default_factory=dict)

    def chain(self, below: int, above: int, kind: str) -> Chain:
        """What rules of one part each, complete one after another before a terminal, make of a
        part, and the state they lead to; by the states below and above the part."""
        builds, state = [], above
        action = self.table[state].get(kind)
        while isinstance(action, Reduction) and action.size == 1:
            builds.append(action.build)
            state = self.goto(below, action)
            action = None if state in self.ends.values() else self.table[state].get(kind)
        found = self.chains[below, above, kind] = in_turn(builds), state
        return found

    def goto(self, below: int, action: Reduction) -> int:
        """The state to which a complete rule leads."""
        state = self.table[below][action.rule]
        assert isinstance(state, int)
        return state


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
        made, rules = parser.parser._parse_table, parser.parser_conf.rules
    except AttributeError as error:
        message = f"snncc needs lark from 1.2.1 to below 2; this is {lark_version}"
        raise ImportError(message) from error
    reductions = {
        rule: Reduction(len(rule.expansion), str(rule.origin.name), build_of(rule))
        for rule in rules
    }
    table = {
        state: {str(kind): reductions.get(next_, next_) for kind, (_, next_) in actions.items()}
        for state, actions in made.states.items()
    }
    return Grammar(table, dict(made.start_states), dict(made.end_states))


def _analysis() -> Lark:
    text = GRAMMAR.read_text(encoding="utf-8")
    if _kept.folder is None:
        return _analyse(text)
    path = _kept.folder / "grammar.lalr"
    content = kept_sealed(path, text, lark_version, sys.version)
    if content is not None:
        return Lark.__new__(Lark)._load(BytesIO(content))
    made = _analyse(text)
    written = BytesIO()
    made.save(written)
    keep_sealed(path, written.getvalue(), text, lark_version, sys.version)
    return made


def _analyse(text: str) -> Lark:
    return Lark(text, parser="lalr", start=["file", "expression"], maybe_placeholders=True)


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
    places: list[Span] = field(default_factory=list)
    position: int = 0  # of the token that is read next

    def __post_init__(self) -> None:
        self.states.append(self.grammar.starts[self.start])

    def read(self, tokens: Sequence[Token]) -> Any:
        """Read tokens from `position` on; after the END token: the tree."""
        # One loop without calls: a large text spends most of its time here.
        grammar, states, values, places = self.grammar, self.states, self.values, self.places
        table, chains = grammar.table, grammar.chains
        row, position = table[states[-1]], self.position
        try:
            for position in range(self.position, len(tokens)):
                token = tokens[position]
                kind, _, here = token
                action = row.get(kind)
                while action.__class__ is Reduction:
                    if action.size == 1:
                        key = states[-2], states.pop(), kind
                        build, state = chains.get(key) or grammar.chain(*key)
                        values[-1] = build(values[-1])
                    else:
                        first = len(values) - action.size
                        parts = values[first:]
                        del values[first:], states[first + 1 :]
                        values.append(action.build(parts))
                        state = grammar.goto(states[-1], action)
                        places[first:] = places[first : first + 1] or [here]
                    states.append(state)
                    row = table[state]
                    action = row.get(kind)
                if action.__class__ is not int:
                    if kind == END and states[-1] == grammar.ends[self.start]:
                        return values[-1]
                    self._complete(here)
                    raise Unexpected
                states.append(action)
                values.append(token)
                places.append(here)
                row = table[action]
            position = len(tokens)
        finally:
            self.position = position
        return None

    def _complete(self, here: Span) -> None:
        """Build what is whole, whatever may follow it."""
        while len(actions := {*self.grammar.table[self.states[-1]].values()}) == 1:
            (action,) = actions
            if not isinstance(action, Reduction):
                return
            first = len(self.values) - action.size
            parts = self.values[first:]
            del self.values[first:], self.states[first + 1 :]
            self.values.append(action.build(parts))
            self.states.append(self.grammar.goto(self.states[-1], action))
            self.places[first:] = self.places[first : first + 1] or [here]

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
            goto = self.grammar.goto(states[-1], action)
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
        return forgotten[0].start if forgotten else None
