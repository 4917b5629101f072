import gzip

import numpy as np
import pytest
from refusal import refused

from snncc.ir.diagnostics import CompileError
from snncc.ir.graph import Call
from snncc.runtime.datasets.table import load
from snncc.runtime.settings import settings_from


def read(path, text=None, split="train", **arguments):
    if text is not None:
        path.write_text(text)
    call = Call("csv", (("path", str(path)), *arguments.items()))
    return load(call, split, settings_from({}))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.csv"


def test_last_column_is_the_label(path):
    data = read(path, "0.5,0,1\n1,0.25,0\n", test_share=0.0)
    np.testing.assert_array_equal(data.values, np.array([[0.5, 0], [1, 0.25]], np.float32))
    np.testing.assert_array_equal(data.labels, [1, 0])


def test_header_is_recognised_and_names_the_label(path):
    data = read(path, "kind,a,b\n1,0,0.5\n0,1,1\n", test_share=0.0, label="kind")
    np.testing.assert_array_equal(data.labels, [1, 0])
    assert data.values.shape == (2, 2)


def test_label_by_number(path):
    assert read(path, "3,0,1\n2,0,1\n", test_share=0.0, label=0).classes == 4


def test_columns_are_scaled_by_the_training_part(path, tmp_path):
    (tmp_path / "test.csv").write_text("-5,30,0\n20,20,2\n")
    text, other = "0,10,0\n10,30,1\n", str(tmp_path / "test.csv")
    train, test = (read(path, text, split, test=other) for split in ("train", "test"))
    np.testing.assert_array_equal(train.values, [[0, 0], [1, 1]])
    np.testing.assert_array_equal(test.values, [[0, 1], [1, 0.5]])
    assert (train.classes, test.classes) == (3, 3)


def test_scales(path):
    text = "0,10,0\n10,40,1\n"
    glob = read(path, text, scale="global", test_share=0.0)
    np.testing.assert_array_equal(glob.values, np.array([[0, 0.25], [0.25, 1]], np.float32))
    with pytest.raises(CompileError, match=r"outside 0\.\.1"):
        read(path, text, scale="none", test_share=0.0)


def test_a_range_is_given(path):
    text = "0,10,0\n5,40,1\n"
    both = read(path, text, low=(0, 10), high=(10, 50), test_share=0.0)
    np.testing.assert_array_equal(both.values, np.array([[0, 0], [0.5, 0.75]], np.float32))
    alike = read(path, text, low=0, high=40, test_share=0.0)
    np.testing.assert_array_equal(alike.values, np.array([[0, 0.25], [0.125, 1]], np.float32))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"low": 0}, "has `low` but no `high`"),
        ({"high": 1}, "has `high` but no `low`"),
        ({"low": (0, 2), "high": (1, 1)}, r"below `low` in column 1"),
        ({"low": (0, 0, 0), "high": 1}, "has 2 columns of values, but `low` has 3 numbers"),
        ({"low": "a", "high": 1}, "should be a number, or a list of one a column"),
        ({"low": (0, "a"), "high": 1}, "should be a number, or a list of one a column"),
    ],
)
def test_ranges_that_are_none(path, arguments, problem):
    with pytest.raises(CompileError, match=problem):
        read(path, "0,10,0\n5,40,1\n", test_share=0.0, **arguments)


@pytest.mark.parametrize(
    ("scale", "measured"),
    [
        ("auto", {"low": (0.0, 10.0), "high": (10.0, 40.0)}),
        ("global", {"low": 0.0, "high": 40.0}),
    ],
)
def test_what_is_measured_reads_other_samples_alike(path, scale, measured):
    text = "0,10,0\n10,40,1\n"
    data = read(path, text, scale=scale, test_share=0.0)
    assert dict(data.measured) == dict(data.first(1).measured) == measured
    again = read(path, "5,25,1\n", test_share=0.0, **measured)
    assert again.values.tolist() == [[0.5, 0.5] if scale == "auto" else [0.125, 0.625]]


def test_without_a_scale_nothing_is_measured_or_cut(path, tmp_path):
    assert read(path, "0,1,0\n1,0,1\n", scale="none", test_share=0.0).measured == ()
    (tmp_path / "test.csv").write_text("0,5,0\n")
    with pytest.raises(CompileError, match=r"test.csv` has the value 5 in sample 0, column 1"):
        read(path, split="test", scale="none", test=str(tmp_path / "test.csv"))


def test_a_test_file_of_another_width(path, tmp_path):
    (tmp_path / "test.csv").write_text("0,1,1,0\n")
    with pytest.raises(CompileError, match=r"test.csv` has 3 columns of values where .*t.csv` has"):
        read(path, "0,1,0\n1,0,1\n", "test", test=str(tmp_path / "test.csv"))


def test_a_constant_column_becomes_zero(path):
    assert read(path, "7,0,0\n7,9,1\n", test_share=0.0).values[:, 0].tolist() == [0, 0]


def test_a_share_is_kept_apart(path):
    text = "".join(f"{k / 100},{k % 2}\n" for k in range(100))
    train, test = (read(path, text, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (80, 20)
    together = np.concatenate([train.values, test.values])
    assert len(np.unique(together)) == 100
    other = read(path, text, "test", split_seed=1)
    assert not np.array_equal(other.values, test.values)


def test_packed_tables(path):
    path.write_bytes(gzip.compress(b"0,1\n1,0\n"))
    assert len(read(path, test_share=0.0)) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1,0\n1,2,0\n", r"t.csv:2` has 3 columns where line 1 has 2"),
        ("a,b\n1,0\n\n1\n", r"t.csv:4` has 1 columns"),
        ("1,0\nx,0\n", r"t.csv:2` has `x` in column 1"),
        ("1,0\nnan,0\n", r"t.csv:2` has `nan` in column 1"),
        ("1,0,0\n1,-inf,0\n", r"t.csv:2` has `-inf` in column 2"),
        ("1,0\n1,-3\n", "label -3.0 in sample 1"),
        ("1,0.5\n", "label 0.5"),
        ("", "no samples"),
        ("a,b\n", "no samples"),
        ("1\n2\n", "one column"),
    ],
)
def test_damaged_tables(path, text, problem):
    with pytest.raises(CompileError, match=problem):
        read(path, text, test_share=0.0)


def test_what_is_not_text(path):
    path.write_bytes(b"1,0\n\xff\xfe")
    assert "not UTF-8" in refused("E061", read, path).message


def test_arguments(path):
    path.write_text("1,0\n0,1\n")
    assert refused("E012", read, path, lable="last").help == "did you mean `label`?"
    with pytest.raises(CompileError, match="needs the argument `path`"):
        load(Call("csv"), "train", settings_from({}))
    assert refused("E022", read, path, header="maybe").help == "choose from auto, yes, no"
    assert "no column `colour`" in refused("E061", read, path, label="colour").message
    assert "should be a whole number" in refused("E020", read, path, split_seed=0.5).message
    assert "test_share" in refused("E051", read, path, test_share=1.0).message


def test_a_file_that_is_not_there(tmp_path):
    assert "cannot read" in refused("E063", read, tmp_path / "none.csv").message
