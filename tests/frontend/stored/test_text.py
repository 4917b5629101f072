import gc
import gzip
import io
import warnings

import pytest

from snncc.frontend.stored.text import Line, cells_of, number_of, read_lines, separator_of
from snncc.frontend.stored.unfit import Unfit


@pytest.mark.parametrize("size", [1, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_are_numbered_as_an_editor_does(
    end: str, pack: type, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snncc.frontend.stored.text.PIECE", size)
    text = end.join(["\ufeff1,2", "", "# none", "  ", " é,4 ", "\t5"])
    found = list(read_lines(io.BytesIO(pack(text.encode()))))
    assert found == [Line(1, "1,2"), Line(5, "é,4"), Line(6, "\t5")]


def test_a_text_that_is_left_unread_makes_no_noise() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for content in (b"1\n2\n", gzip.compress(b"1\n2\n")):
            file = io.BytesIO(content)
            lines = read_lines(file)
            assert next(lines).text == "1"
            file.close()
            lines.close()
        gc.collect()


def test_a_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snncc.frontend.stored.text.MOST_LINE", 100)
    with pytest.raises(Unfit, match="line 2 has more than 100 characters"):
        list(read_lines(io.BytesIO(gzip.compress(b"1\n" + b"0," * 10**4))))


@pytest.mark.parametrize(
    ("text", "separator", "cells"),
    [
        ("1,2", ",", ["1", "2"]),
        ('"a,b";c', ";", ["a,b", "c"]),
        ("1,5;2,5", ";", ["1,5", "2,5"]),
        ('"a ""b""", c', ",", ['a "b"', "c"]),
        ("a\t\tb", "\t", ["a", "", "b"]),
        ('1  "2" 3', None, ["1", "2", "3"]),
        ("1,", ",", ["1", ""]),
    ],
)
def test_cells(text: str, separator: str | None, cells: list[str]) -> None:
    line = Line(1, text)
    assert separator_of(line) == separator
    assert cells_of(line, separator) == cells


@pytest.mark.parametrize("cell", ["1_000", "١", "0x10", "1,5", "", "e5", "1 2"])
def test_cells_that_are_no_numbers(cell: str) -> None:
    assert number_of(cell) is None
