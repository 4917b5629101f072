"""Tables in pages."""

from __future__ import annotations

from pathlib import Path

from tables import Grid, fill_page, to_markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
GRID = Grid("Speeds", ("net", "ms"), (("a", "1.5"),))
PIPES = "**Speeds**\n\n| net | ms |\n| --- | ---: |\n| a | 1.5 |"


def test_labels_stand_left_and_numbers_right() -> None:
    assert to_markdown(GRID) == PIPES


def test_a_page_takes_the_tables_that_were_measured() -> None:
    page = "x\n<!-- table: a -->\nold\n<!-- end -->\ny <!-- table: b -->kept<!-- end -->"
    filled = fill_page(page, {"a": GRID})
    assert (
        filled == f"x\n<!-- table: a -->\n\n{PIPES}\n\n<!-- end -->\n"
        "y <!-- table: b -->kept<!-- end -->"
    )
    assert fill_page(filled, {"a": GRID}) == filled


def test_the_manuals_page_has_the_marks() -> None:
    text = PAGE.read_text()
    assert text.count("<!-- table: ") == text.count("<!-- end -->") >= 5
    for name in ("machine", "speed", "counts", "floors", "peers", "busy", "first run", "compiled"):
        assert PIPES in fill_page(text, {name: GRID})
