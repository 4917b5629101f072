"""What a syntax error says: what was expected, in words, and what stands there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from ...ir.diagnostics import Diagnostic, Note
from ...ir.report import nearest
from ..foreign import foreign
from ..units import UNITS
from .builder import quantity_parts
from .lexer import END, KEYWORDS, PUNCTUATION, Token, between

# A group is named instead of its members when all of its signature is acceptable.
_GROUPS: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (
        frozenset({"NUMBER", "_LPAR", "MINUS"}),
        frozenset(
            {"NUMBER", "QUANTITY", "STRING", "TRUE", "FALSE", "NAME", "REFRACTORY", "NOT"}
            | {"MINUS", "_LPAR", "LSQB", "ON"}
        ),
        "an expression",
    ),
    (
        frozenset({"POPULATION", "LET"}),
        frozenset(
            {"POPULATION", "INPUT", "OUTPUT", "INSTANCE", "PORT", "FOR", "LET", "NEURON", "NAME"}
            | {"SOURCE"}
        ),
        "a statement",
    ),
    (
        frozenset({"PARAM", "STATE"}),
        frozenset({"PARAM", "STATE", "INPUT", "ON", "SPIKE", "REFRACTORY", "EMIT", "NAME"}),
        "a clause of the model",
    ),
    (
        frozenset({"NETWORK", "TRAIN"}),
        frozenset({"NETWORK", "MODULE", "NEURON", "SYNAPSE", "TRAIN", "DEPLOY", "RUN", "IMPORT"}),
        "a definition",
    ),
    (
        frozenset({"OPERATOR", "MINUS", "SLASH"}),
        frozenset({"OPERATOR", "MINUS", "SLASH"}),
        "an operator",
    ),
    (
        frozenset({"DELAY", "FIXED"}),
        frozenset({"DELAY", "FIXED", "TRAINABLE", "AS", "VIA", "_THEN"}),
        "an option of the projection",
    ),
    (frozenset({"INPUT", "OUTPUT"}), frozenset({"INPUT", "OUTPUT", "POPULATION"}), "a population"),
)
_WORDS: dict[str, str] = {
    **{kind: f"`{word}`" for word, kind in PUNCTUATION.items()},
    **{kind: f"`{word}`" for word, kind in KEYWORDS.items()},
    "NAME": "a name",
    "NUMBER": "a number",
    "QUANTITY": "a number with a unit",
    "STRING": 'a text in `"…"`',
    END: "the end of the text",
}


def complaint(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic:
    """The diagnostic for the token at `position`, where only `accepted` could follow."""
    token = tokens[position]
    for recognize in _RECOGNIZED:
        found = recognize(accepted, tokens, position)
        if found is not None:
            return found
    # Where the text ends there is nothing to see; the last word shows what was left open.
    span = (tokens[position - 1] if token.type == END and position else token).span
    got = "the text ends" if token.type == END else f"got `{token.text}`"
    return Diagnostic(
        "E001",
        f"expected {_in_words(accepted)}, {got}",
        span,
        related=_open_bracket(tokens, position),
        help=_advice(accepted, tokens, position),
    )


def _no_unit(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic | None:
    """The word before is what was meant as the unit of a number: `3 mw`."""
    if position < 2 or tokens[position - 1].type != "NAME":
        return None
    number, word = tokens[position - 2 : position]
    is_after = number.type == "NUMBER" and "\n" not in between(number, word)
    if not is_after or word.text in UNITS:
        return None
    message = f"`{word.text}` is no unit"
    return Diagnostic("E001", message, word.span, help=_about_unit(word.text))


def _about_unit(word: str) -> str:
    if word in UNITS:
        return f"a declaration names the unit alone: `{word}`"
    return nearest(word, UNITS) or f"the units are {', '.join(UNITS)}"


def _undeclared(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic | None:
    """`param tau = 20 ms`, `state v = 0 mV`, `(hidden = 400)`: the unit or type is missing."""
    if tokens[position].type != "_EQ" or accepted != {"_COLON"}:
        return None
    keyword, name, _, value = tokens[position - 2 : position + 2]
    is_clause = keyword.type in ("PARAM", "STATE")
    unit = {"NUMBER": "1" if is_clause else "int", "STRING": "text", "TRUE": "bool"}.get(value.type)
    if value.type == "QUANTITY":
        unit = quantity_parts(value.text)[1]
    opening = f"{keyword.text} " if is_clause else ""
    message = f"`{name.text}` does not say its {'unit' if is_clause else 'type'}"
    way_out = f"write `{opening}{name.text}: {unit or 'ms'} = …`"
    return Diagnostic("E001", message, name.span, help=way_out)


def _nothing_held(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic | None:
    """`refractory 2 ms` without a block."""
    marks = ("REFRACTORY", "_LBRACE", "_RBRACE")
    start = next((k for k in range(position - 1, 0, -1) if tokens[k].type in marks), 0)
    is_clause = tokens[start].type == "REFRACTORY" and tokens[start + 1].type != "_EQ"
    if not is_clause or start + 1 >= position or "_LBRACE" not in accepted:
        return None
    message = "`refractory` says in braces what is held"
    way_out = "write `{ }` after the duration, or `{ v = 0 mV }` to hold a state `v`"
    return Diagnostic("E001", message, tokens[start].span, help=way_out)


def _nested(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic | None:
    """A definition inside of another one."""
    token, start = tokens[position], max(position - 2, 0)
    if token.type == "_LBRACE" and tokens[start].type == "NEURON":
        name = tokens[position - 1].text
        message = "a model by its equations stands outside of networks and modules"
        way_out = f"move `neuron {name} {{ … }}` out; in here: `neuron {name} = lif(…)`"
        return Diagnostic("E001", message, tokens[start].span, help=way_out)
    if token.type in _CLAUSES and "POPULATION" in accepted:
        message = f"`{token.text}` stands in a model, `neuron own {{ … }}`"
        return Diagnostic("E001", message, token.span, help=_CLAUSES[token.type])
    if token.type in _STATEMENTS and "PARAM" in accepted:
        message = f"`{token.text}` stands in a network or a module, not in a model"
        way_out = _STATEMENTS[token.type]
        return Diagnostic("E001", message, token.span, help=way_out)
    if token.type not in DEFINITIONS or not accepted & {"POPULATION", "PARAM"}:
        return None
    message = f"`{token.text}` stands outside of networks, modules and models"
    way_out = "close the block before it with `}`, or move it out"
    return Diagnostic("E001", message, token.span, related=_opened(tokens[:position]), help=way_out)


def _foreign(accepted: Set[str], tokens: Sequence[Token], position: int) -> Diagnostic | None:
    """A statement that begins with a word of another language."""
    if not position or not _begins_statement(tokens, position - 1):
        return None
    word, what = tokens[position - 1], "clause of a model" if accepted == {"SLASH"} else "statement"
    way_out = foreign(what, word.text)
    if way_out is None:
        return None
    message = f"no {what} begins with `{word.text}`"
    return Diagnostic("E001", message, word.span, help=way_out)


# What begins a clause of a model alone, or a statement of a network alone: the way out where it
# stands in the other one.
_OUTSIDE = "write the model outside of networks and modules"
_CLAUSES = {
    "PARAM": "a network has its parameters behind its name, `network n(tau: ms = 20 ms) { … }`; "
    "a constant is `let tau = 20 ms`",
    **dict.fromkeys(("STATE", "ON", "SPIKE", "EMIT", "REFRACTORY"), _OUTSIDE),
}
_STATEMENTS = {
    "LET": "a constant of a model is `param tau: ms = 20 ms`",
    **dict.fromkeys(
        ("POPULATION", "OUTPUT", "INSTANCE", "PORT", "FOR", "SOURCE"),
        "close the block before it with `}`, or move it out",
    ),
}
DEFINITIONS = frozenset({"IMPORT", "SYNAPSE", "MODULE", "NETWORK", "TRAIN", "DEPLOY", "RUN"})
# What a user may have had in mind; the first that fits is told.
_RECOGNIZED = (_undeclared, _nothing_held, _nested, _foreign, _no_unit)


def _in_words(accepted: Set[str]) -> str:
    left, phrases = set(accepted), []
    for signature, members, phrase in _GROUPS:
        if signature <= left:
            left -= members
            phrases.append(phrase)
    if len(left) + len(phrases) > 1:
        # After a whole expression an operator may always follow; saying so helps nobody.
        phrases = [p for p in phrases if p != "an operator"]
    phrases += sorted(_WORDS[kind] for kind in left)
    if len(phrases) == 1:
        return phrases[0]
    return ", ".join(phrases[:-1]) + " or " + phrases[-1]


def _open_bracket(tokens: Sequence[Token], position: int) -> tuple[Note, ...]:
    """The bracket that is still open, where the text ends or another one closes."""
    is_end = tokens[position].type in _PARTNERS.values() or tokens[position].type == END
    return _opened(tokens[:position]) if is_end else ()


def _opened(tokens: Iterable[Token]) -> tuple[Note, ...]:
    """The innermost bracket that is open after these tokens."""
    waiting: list[Token] = []
    for token in tokens:
        if token.type in _PARTNERS:
            waiting.append(token)
        elif token.type in _PARTNERS.values() and waiting:
            waiting.pop()
    if not waiting:
        return ()
    return (Note(waiting[-1].span, "opened here"),)


_PARTNERS = {"_LBRACE": "_RBRACE", "_LPAR": "_RPAR", "LSQB": "RSQB"}


def _advice(accepted: Set[str], tokens: Sequence[Token], position: int) -> str:
    token = tokens[position]
    if position and tokens[position - 1].type == "NUMBER" and token.type == "NAME":
        return _about_unit(token.text)
    if "_LPAR" in accepted and token.type in ("NUMBER", "QUANTITY"):
        return f"arguments stand in brackets: `{tokens[position - 1].text}({token.text})`"
    begins_line = position and "\n" in between(tokens[position - 1], token)
    if "NAME" in accepted and token.text in KEYWORDS and not begins_line:
        return f"`{token.text}` is a word of the language; choose another name"
    if accepted == {"SLASH"}:
        return _misspelt(accepted, tokens, position) or "an equation of a model reads `dv/dt = …`"
    if token.text == "=" and "OPERATOR" in accepted:
        return "to compare, write `==`"
    return _misspelt(accepted, tokens, position)


def _misspelt(accepted: Set[str], tokens: Sequence[Token], position: int) -> str:
    """The keyword that may have been meant: by a word that was read as a name, with which a
    statement begins, or else by the one that cannot stand here."""
    if position and _begins_statement(tokens, position - 1):
        word = tokens[position - 1].text
        if word in KEYWORDS:
            return f"`{word}` is written without `=`"
        near = nearest(word, KEYWORDS)
        if near:
            return near
    if tokens[position].type != "NAME":
        return ""
    return nearest(tokens[position].text, [w for w, kind in KEYWORDS.items() if kind in accepted])


def _begins_statement(tokens: Sequence[Token], position: int) -> bool:
    """Whether a name may stand where a keyword does: after a bracket, a value, or on a new line,
    but not where a keyword or a sign before it asks for a name, as in `network n`."""
    if position == 0:
        return False  # an expression; a program does not begin with a name
    before, token, after = tokens[position - 1 : position + 2]
    if token.type != "NAME" or "\n" in between(token, after):
        return False
    is_first = "\n" in between(before, token)
    return is_first or before.type in _BEFORE_STATEMENTS


_BEFORE_STATEMENTS = frozenset(
    {"_LBRACE", "_RBRACE", "_RPAR", "RSQB", "NAME", "NUMBER", "QUANTITY", "STRING"}
    | {"TRUE", "FALSE", "FIXED", "TRAINABLE", "REFRACTORY"}
)
