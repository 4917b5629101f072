"""Every number of every table has a range, and its default lies in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snncc.ir.arguments import Argument
from snncc.ir.drawn import DRAWS
from snncc.ir.graph import Call, Population
from snncc.ir.ranges import COUNT
from snncc.ir.rules import ENCODINGS, TRAIN_ENTRIES, most_sent
from snncc.ir.wiring import CONNECTIVITIES, INITS

TABLES = (*(e.table or {} for e in TRAIN_ENTRIES.values()), ENCODINGS, CONNECTIVITIES, INITS, DRAWS)
NUMBERS = {"1", "int", "ms", "Hz", "level", "quantity"}
ARGUMENTS = [
    pytest.param(kind, argument, id=f"{kind}.{argument.name}")
    for table in TABLES
    for kind, row in table.items()
    for argument in row.arguments
]


@pytest.mark.parametrize(("kind", "argument"), ARGUMENTS)
def test_numbers_have_a_range_and_a_default_inside(kind: str, argument: Argument) -> None:
    assert (argument.range is not None) == (argument.unit in NUMBERS)
    assert argument.default is None or not argument.problem(kind, argument.default)


def test_a_problem_names_the_argument_and_its_range() -> None:
    every = Argument("every", "int", 40, range=COUNT)
    assert every.problem("step", 0) == "`every` of `step` is 0; it must be at least 1"
    assert every.problem("step", 1) == ""
    assert every.way_out() == "leave `every` out for its default, 40"
    duration = Argument("duration", "ms", range=COUNT)
    assert duration.problem("spikes", 0.5).startswith("`duration` of `spikes` is 0.5 ms;")
    assert duration.way_out() == "choose a number at least 1"


def test_of_several_numbers_each_is_in_range() -> None:
    (sd,) = (a for a in ENCODINGS["current"].arguments if a.name == "sd")
    assert sd.problem("current", (0.5, 1.0)) == ""
    problem = "`sd` of `current` is 0; it must be above 0"
    assert sd.problem("current", (0.5, 0.0, 1.0)) == sd.problem("current", 0.0) == problem


def test_texts_have_no_range() -> None:
    assert Argument("profile", "text").problem("st_rsbp", "paper") == ""


def test_the_largest_of_the_numbers_that_an_input_sends():
    call = Call("codes", (("duration", 5.0), ("mean", 0.0), ("sd", 1.0), ("bits", 4)))
    assert most_sent(Population("x", (1,), "input", encoding=call)) == 7
    assert most_sent(Population("x", (1,), "input", encoding=replace(call, kind="current"))) == 0
    assert most_sent(Population("h", (1,), "hidden")) == 0
