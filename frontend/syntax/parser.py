"""Tokens to the syntax tree; after a mistake the parse goes on at the next statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, cast

from ...ir.diagnostics import CompileError, Diagnostic, Source, Span
from ..limits import LIMITS
from .errors import DEFINITIONS, complaint
from .files import File
from .lalr import Machine, Unexpected, grammar
from .lexer import END, KEYWORDS, Token, between, tokenize, too_long, words
from .tree import Expression

_OPENING = {"_LBRACE": "_RBRACE", "_LPAR": "_RPAR", "LSQB": "RSQB"}
_DEPTH = {"_LBRACE": 1, "_RBRACE": -1}
_BETWEEN = frozenset({"_RBRACE", END})
_RESUME = frozenset(KEYWORDS.values()) | {"NAME"}


Mistakes = tuple[Diagnostic, ...]


def parse(source: Source, everything: Sequence[Token] | None = None) -> tuple[File, Mistakes]:
    """The tree of a file and every syntax error; after an error, the tree of what could be read.
    `everything` is all of its words, where they are known."""
    nothing = File((), (Span(source, 0, len(source.text)),), is_whole=False)
    try:
        tokens, mistakes = _tokens(source, everything)
    except CompileError as error:
        return nothing, error.diagnostics
    run = _Run(Machine(grammar(), "file"), tokens, mistakes)
    tree = cast("File | None", run.to_end()) or nothing
    spans = [d.span for d in run.mistakes if d.span is not None]
    is_whole = tree.is_whole and run.is_whole
    return File(tree.items, (*tree.lost, *run.lost, *spans), is_whole), tuple(run.mistakes)


def parse_expression(source: Source) -> Expression:
    """The tree of a single expression."""
    tokens, mistakes = _tokens(source)
    run = _Run(Machine(grammar(), "expression"), tokens, mistakes)
    tree = run.to_end()
    if run.mistakes:
        raise CompileError(run.mistakes)
    return cast(Expression, tree)


def _tokens(
    source: Source, everything: Sequence[Token] | None = None
) -> tuple[list[Token], list[Diagnostic]]:
    tokens, mistakes = tokenize(words(source) if everything is None else everything)
    _refuse_too_many(tokens)
    _refuse_deep_nesting(tokens)
    end = len(source.text)
    tokens.append(Token(END, "", Span(source, end, end)))
    return tokens, mistakes


_MOST = (
    (frozenset({"OPERATOR", "MINUS", "SLASH", "NOT"}), LIMITS.operators, "operators"),
    (
        frozenset({"NETWORK", "MODULE", "NEURON", "SYNAPSE", "TRAIN", "DEPLOY", "RUN"}),
        LIMITS.definitions,
        "definitions",
    ),
)


def _refuse_too_many(tokens: Sequence[Token]) -> None:
    for kinds, most, what in _MOST:
        places = [token.span for token in tokens if token.type in kinds]
        if len(places) > most:
            raise too_long(f"{most} {what}", places[most])


def _refuse_deep_nesting(tokens: Sequence[Token]) -> None:
    depth = signs = 0
    for token in tokens:
        if token.type in _OPENING:
            depth += 1
        elif token.type in _CLOSING:
            depth -= 1
        signs = signs + 1 if token.type in ("MINUS", "NOT") else 0
        if depth > LIMITS.nesting or signs > LIMITS.nesting:
            message = f"more than {LIMITS.nesting} brackets or signs within one another"
            way_out = "name inner parts with `let`, or move them to a module"
            raise CompileError(Diagnostic("E005", message, token.span, help=way_out))


_CLOSING = frozenset(_OPENING.values())


@dataclass(slots=True)
class _Run:
    """One parse: the LALR machine, the tokens, and where it stands in them."""

    machine: Machine
    tokens: list[Token]
    mistakes: list[Diagnostic]
    position: int = 0
    resumed_at: int = -1
    lines: set[int] = field(default_factory=set)
    lost: list[Span] = field(default_factory=list)
    is_whole: bool = True
    depths: list[int] = field(default_factory=list)  # open braces after each token, once needed
    # What `_depth` says of the terminals that follow, as long as the machine stands where it does.
    known: dict[tuple[tuple[str, ...], bool], int] = field(default_factory=dict)

    kinds: list[str] = field(init=False)  # the terminals of the tokens

    def __post_init__(self) -> None:
        self.kinds = [token.type for token in self.tokens]
        spans = [d.span for d in self.mistakes if d.span is not None]
        self.lines.update(span.source.position(span.start)[0] for span in spans)

    def to_end(self) -> Any:
        """The tree, or None where the machine could not be brought to an end."""
        while True:
            try:
                return self._advance()
            except Unexpected:
                if not self._is_echo():
                    self._note(complaint(self.machine.accepted(), self.tokens, self.position))
            except CompileError as error:
                for diagnostic in error.diagnostics:
                    self._note(diagnostic)
            if len(self.mistakes) >= LIMITS.syntax_errors or not self._resynchronize():
                return None

    def _advance(self) -> Any:
        try:
            return self.machine.read(self.tokens)
        finally:
            self.position = self.machine.position

    def _note(self, diagnostic: Diagnostic) -> None:
        # One complaint a line: a second one is nearly always the echo of the first.
        assert diagnostic.span is not None
        line = diagnostic.span.source.position(diagnostic.span.start)[0]
        if line not in self.lines:
            self.lines.add(line)
            self.mistakes.append(diagnostic)

    def _is_echo(self) -> bool:
        """Whether the words here or just before stand on a line that has a mistake already."""
        around = self.tokens[max(self.position - 1, 0) : self.position + 1]
        return any(
            token.span.source.position(token.span.start)[0] in self.lines for token in around
        )

    def _resynchronize(self) -> bool:
        """Skip to a token at which a statement may begin or a block end; False at the end."""
        is_between = self._stands_between(self.position)
        self.known.clear()
        for position in self._resumptions():
            depth = self._depth(position, is_between, 2)
            if not depth and not self._is_surplus(position, is_between):
                depth = self._depth(position, is_between, 1)
            if depth:
                self._lose(self.machine.unwind(depth), position)
                self.machine.position = self.position = self.resumed_at = position
                return True
        return False

    def _is_surplus(self, position: int, is_between: bool) -> bool:
        """Whether the text goes on better without this token, a brace."""
        is_brace = self.tokens[position].type == "_RBRACE"
        return is_brace and bool(self._depth(position + 1, is_between, 2))

    def _resumptions(self) -> Iterator[int]:
        """Where a statement may begin or a block end; what stands in a block of its own is passed
        over."""
        position = self.position + (self.position == self.resumed_at)
        while position < len(self.tokens):
            if self._may_resume(position):
                yield position
            position = self._after(position)

    def _lose(self, start: int | None, position: int) -> None:
        """Remember the text from `start`, or the token that was not expected, to a position."""
        first, last = self.tokens[self.position].span, self.tokens[max(position - 1, 0)].span
        begin = first.start if start is None else min(start, first.start)
        if begin < last.end:
            self.lost.append(Span(first.source, begin, last.end))
            self.is_whole &= "NETWORK" not in self.machine.accepted()

    def _may_resume(self, position: int) -> bool:
        token = self.tokens[position]
        if token.type in ("_RBRACE", END):
            return True
        if token.type not in _RESUME or not starts_line(self.tokens, position):
            return False
        return token.type not in DEFINITIONS or not self._is_inside(position)

    def _is_inside(self, position: int) -> bool:
        """Whether the token stands in a block that is closed later: no brace before is missing."""
        if not self.depths:
            self.depths = list(accumulate(_DEPTH.get(token.type, 0) for token in self.tokens))
        return self.depths[position] > 0 and self.depths[-1] == 0

    def _after(self, position: int) -> int:
        """The next position to look at: past a whole block where one opens."""
        if self.tokens[position].type != "_LBRACE":
            return position + 1
        return min(matching(self.tokens, position) + 1, len(self.tokens) - 1)

    def _stands_between(self, position: int) -> bool:
        """Whether what was read before the token looks like whole statements."""
        is_first = starts_line(self.tokens, position)
        return is_first or self.tokens[position - 1].type == "_RBRACE"

    def _depth(self, position: int, is_between: bool, most: int) -> int:
        """How many states to keep, so that the machine stands between statements and can read so
        many tokens from here; 0 if there is no such place."""
        kinds = tuple(self.kinds[position : position + most])
        if (kinds, is_between) not in self.known:
            self.known[kinds, is_between] = self._depth_for(kinds, is_between)
        return self.known[kinds, is_between]

    def _depth_for(self, kinds: Sequence[str], is_between: bool) -> int:
        machine, depths = self.machine, len(self.machine.states)
        if is_between and machine.accepted() & _BETWEEN and machine.follow(kinds, depths):
            return depths
        for depth in range(depths, 0, -1):
            is_read = machine.shifts(kinds[0], depth) and machine.follow(kinds, depth)
            if is_read and machine.accepted(depth) & _BETWEEN:
                return depth
        return 0


def starts_line(tokens: Sequence[Token], position: int) -> bool:
    """Whether a token is the first of its line."""
    return position == 0 or "\n" in between(tokens[position - 1], tokens[position])


def matching(tokens: Sequence[Token], position: int) -> int:
    """The position of the `}` that closes the `{` at `position`, or the last position."""
    depth = 0
    for place in range(position, len(tokens)):
        depth += _DEPTH.get(tokens[place].type, 0)
        if depth == 0:
            return place
    return len(tokens) - 1
