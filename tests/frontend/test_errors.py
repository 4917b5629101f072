"""Wrong programs: every mistake is found, at its line, and no other."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from snncc.ir.diagnostics import Diagnostic, render
from snncc.runtime.checker import check_program
from snncc.runtime.loading import Options

FOLDER = Path(__file__).parent.parent / "errors"
FILES = sorted(FOLDER.glob("*.snn"))
MARK = re.compile(r"# E(\^?): ((?:E\d{3} ?)+)")


def expected(path: Path) -> Counter[tuple[int, str]]:
    found: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        for up, codes in MARK.findall(line):
            found.update((number - bool(up), code) for code in codes.split())
    return found


def mistakes(path: Path) -> tuple[Diagnostic, ...]:
    return tuple(d for d in check_program(path, Options()) if d.severity == "error")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_found_at_its_line(path: Path) -> None:
    found = mistakes(path)
    places = Counter((d.span.source.position(d.span.start)[0], d.code) for d in found if d.span)
    assert places == expected(path), "\n\n".join(render(d) for d in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_diagnostics_are_drawn(path: Path) -> None:
    for diagnostic in mistakes(path):
        text = render(diagnostic)
        assert "^" in text
        assert "lark" not in text
        assert not re.search(r"\b_[A-Z]{3,}|\b(?:LSQB|RSQB|OPERATOR|QUANTITY)\b", text)
