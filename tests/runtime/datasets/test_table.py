from pathlib import Path

import pytest
from refusal import refusals

from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.runtime.datasets.arguments import anchored
from snncc.runtime.datasets.table import DATASETS, load
from snncc.runtime.settings import settings_from


def test_unknown_names_are_answered_by_the_nearest():
    with pytest.raises(CompileError, match="did you mean `fashion_mnist`") as caught:
        load(Call("fashion_mnits"), "train", settings_from({}))
    assert caught.value.diagnostics[0].code == "E010"


def test_all_mistakes_at_once():
    call = Call("csv", (("lable", "last"), ("header", 3)))
    found = refusals(load, call, "train", settings_from({}))
    assert [d.code for d in found] == ["E012", "E013", "E022"]


def test_public_rows_say_where_from():
    for row in DATASETS.values():
        assert row.summary
        assert row.licence
        assert bool(row.files) == bool(row.folder)
        for file in row.files:
            assert len(file.sha256) == 64
            assert file.urls


def test_paths_are_seen_from_the_program():
    call = Call("csv", (("path", "a/b.csv"), ("label", "path"), ("test", "")))
    moved = anchored(call, DATASETS["csv"].arguments, Path("/programs"))
    assert dict(moved.arguments) == {"path": "/programs/a/b.csv", "label": "path", "test": ""}


def test_numbers_have_a_range():
    for row in DATASETS.values():
        for argument in row.arguments:
            assert (argument.range is not None) == (argument.unit in ("1", "int")), argument


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_number_out_of_its_range_is_refused(share):
    call = Call("csv", (("path", "t.csv"), ("test_share", share)))
    with pytest.raises(CompileError, match=r"E051.*it must be at least 0 and below 1"):
        load(call, "train", settings_from({}))
