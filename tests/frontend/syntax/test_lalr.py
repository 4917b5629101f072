from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from lark import Lark, logger

from snncc.frontend.syntax import lalr
from snncc.frontend.syntax.lalr import GRAMMAR, Machine, Unexpected, grammar
from snncc.frontend.syntax.lexer import END, KEYWORDS, PUNCTUATION, tokenize
from snncc.ir.diagnostics import Source


def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    """lark settles a shift/reduce conflict silently, by shifting."""
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        with caplog.at_level(logging.DEBUG, logger=logger.name):
            Lark(GRAMMAR.read_text(), parser="lalr", start=["file", "expression"], debug=True)
    finally:
        logger.setLevel(level)
    assert [r.getMessage() for r in caplog.records if "onflict" in r.getMessage()] == []


def test_another_lark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lalr, "Lark", lambda *args, **options: SimpleNamespace(parser=object()))
    with pytest.raises(ImportError, match="snncc needs lark from"):
        grammar.__wrapped__()


def test_every_word_is_a_terminal_of_the_grammar() -> None:
    terminals = {kind for actions in grammar().table.values() for kind in actions}
    assert set(PUNCTUATION.values()) <= terminals
    # `deploy` is reserved: a word that no rule accepts.
    assert set(KEYWORDS.values()) - terminals == {"DEPLOY"}


def test_accepted_says_what_can_follow() -> None:
    tokens, _ = tokenize(Source("t.snn", "network n { let a"))
    machine = Machine(grammar(), "file")
    assert END in machine.accepted()
    for token in tokens:
        assert token.type in machine.accepted()
        assert machine.feed(token) is None
    assert machine.accepted() == {"_EQ"}
    with pytest.raises(Unexpected):
        machine.feed(tokens[0])
    assert machine.accepted(depth=1) == Machine(grammar(), "file").accepted()
