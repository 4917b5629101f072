import gzip
import os

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


NUMBERS = (("classes", "numbers"),)


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
        ({"low": 0}, "have `low` but no `high`"),
        ({"high": 1}, "have `high` but no `low`"),
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
    assert dict(data.measured) == dict(data.first(1).measured) == measured | {"classes": "numbers"}
    again = read(path, "5,25,1\n", test_share=0.0, **measured)
    assert again.values.tolist() == [[0.5, 0.5] if scale == "auto" else [0.125, 0.625]]


def test_without_a_scale_nothing_is_measured_or_cut(path, tmp_path):
    assert read(path, "0,1,0\n1,0,1\n", scale="none", test_share=0.0).measured == NUMBERS
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


@pytest.mark.parametrize("first", ["?,0.2,0.3,0", "NA,0.2,0.3,0", ",0.2,0.3,0", "O.5,0.2,0.3,0"])
@pytest.mark.parametrize("where", ["path", "test", "packed"])
def test_a_first_line_of_numbers_and_text_is_asked_about(path, tmp_path, first, where):
    good, odd = "0.1,0.2,0.3,1\n" * 3, f"{first}\n0.1,0.2,0.3,1\n"
    arguments = {}
    if where == "packed":
        path = tmp_path / "t.csv.gz"
        path.write_bytes(gzip.compress(odd.encode()))
        odd = None
    if where == "test":
        arguments["test"] = str(tmp_path / "other.csv")
        (tmp_path / "other.csv").write_text(odd)
        odd = good
    found = refused("E061", read, path, odd, **arguments)
    assert "has numbers and text in its first line" in found.message
    assert '`header = "yes"`' in found.help
    assert '`header = "no"`' in found.help
    if where == "path":
        assert len(read(path, odd, header="yes", test_share=0.0)) == 1
        assert "line 1 has" in refused("E061", read, path, odd, header="no").message


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ("?,?,yes", "has no numbers in its first line, and `?` is hardly a name"),
        ("NA,,rare", "`NA` is hardly a name"),
        ('"0,5",O.5,no', "`0,5` is hardly a name"),
        ("?,?,?", "`?` is hardly a name"),
        ("left,out,no", "has `no` in its first line, which is a label of other lines"),
    ],
)
def test_a_first_line_without_numbers_may_be_a_sample(path, first, problem):
    text = f"{first}\n0.1,0.2,yes\n0.3,0.2,no\n"
    found = refused("E061", read, path, text)
    assert problem in found.message
    assert '`header = "yes"`' in found.help
    assert '`header = "no"`' in found.help
    assert len(read(path, text, header="yes", test_share=0.0)) == 2


def test_names_of_columns_may_be_those_of_missing_values(path):
    assert len(read(path, "Na,Mg,kind\n0.1,0.2,1\n", test_share=0.0)) == 1


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("0.5;0.25;1\n1;0;0\n", {}),
        ("0.5\t0.25\t1\n1\t0\t0\n", {}),
        ("0.5 0.25 1\n1 0  0\n", {}),
        ('"0.5","0.25","1"\n"1","0","0"\n', {}),
        ('"a","b","kind"\n0.5,0.25,1\n1,0,0\n', {"label": "kind"}),
        ("# made by hand\n0.5,0.25,1\n1,0,0\n", {}),
        ("id,a,b,kind\n7,0.5,0.25,1\n9,1,0,0\n", {"leave_out": "id"}),
        (",a,b,kind\n0,0.5,0.25,1\n1,1,0,0\n", {"leave_out": 0}),
        ("a,name,b,kind,id\n0.5,x,0.25,1,1\n1,y,0,0,2\n", {"leave_out": ("name", -1), "label": 3}),
        ("label,1x1,1x2\n1,0.5,0.25\n0,1,0\n", {"label": 0}),
    ],
)
def test_tables_as_others_write_them(path, text, arguments):
    data = read(path, text, test_share=0.0, **arguments)
    assert data.values.tolist() == [[0.5, 0.25], [1, 0]]
    assert data.labels.tolist() == [1, 0]
    assert data.warnings == ()


@pytest.mark.parametrize("header", ["", "a,b,species\n"])
def test_labels_may_be_texts(path, header):
    text = f"{header}0.5,0,setosa\n1,0.25,virginica\n0,1,setosa\n1,1,iris\n"
    data = read(path, text, test_share=0.0)
    assert data.labels.tolist() == [1, 2, 1, 0]
    assert data.names == ("iris", "setosa", "virginica")
    assert dict(data.measured)["classes"] == data.names
    again = read(path, "0,0,virginica\n", test_share=0.0, classes=data.names)
    assert (again.labels.tolist(), again.classes) == ([2], 3)
    found = refused("E061", read, path, "0,0,rose\n", classes=data.names)
    assert "label `rose` in sample 0 (from 0), which is none of the classes `iris`" in found.message


def test_labels_that_are_no_classes_are_shown_as_they_are(path):
    found = refused("E061", read, path, "0,10\n0.5,20\n", classes=(10,))
    assert "has the label `20` in sample 1" in found.message


def test_labels_may_be_any_numbers_in_any_order(path):
    text = "0,10\n0.5,20\n1,0\n"
    data = read(path, text, test_share=0.0, classes=(20.0, 0.0, 10.0))
    assert data.labels.tolist() == [2, 0, 1]
    signs = read(path, "0,-1\n1,1\n", test_share=0.0, classes=(-1.0, 1.0))
    assert signs.labels.tolist() == [0, 1]
    assert "names a label twice" in refused("E022", read, path, classes=(1.0, "1")).message
    assert "in the order of their classes" in refused("E020", read, path, classes="a").message


@pytest.mark.parametrize(
    ("text", "arguments", "problem"),
    [
        (
            ",a,kind\n0,5,1\n1,6,0\n",
            {},
            r"counts the rows in column 0 \(from 0\), which has no name",
        ),
        ("Unnamed: 0,a,kind\n1,5,1\n2,6,0\n", {}, r"counts the rows in column 0 .*, which has no"),
        ("a,a,kind\n0,5,1\n", {"leave_out": "a"}, "has several columns `a`"),
        ("a,b,kind\n0,5,1\n", {"leave_out": "c"}, "has no column `c`"),
        ("a,b,kind\n0,5,1\n", {"leave_out": 3}, "has no column `3`"),
        ("a,b,kind\n0,5,1\n", {"leave_out": "kind"}, "its label in column 2, which `leave_out`"),
        ("a,b,kind\n0,5,1\n", {"leave_out": (0, 1)}, "no column of values left"),
        ("a,b,kind\n0,5,1\n", {"leave_out": 1.5}, "should be a column, by its name or its number"),
    ],
)
def test_columns_that_are_no_values(path, text, arguments, problem):
    with pytest.raises(CompileError, match=problem):
        read(path, text, **arguments)


def test_what_is_odd_is_said(path):
    rows = "".join(f"{k},{k % 3},{1 + k % 2}\n" for k in range(1, 11))
    counts, gap = read(path, f"id,a,kind\n{rows}", test_share=0.0).warnings
    assert "counts the rows in column 0 (from 0, `id`)" in counts.message
    assert "has no sample of class 0: its labels are `1` and `2`" in gap.message
    assert "`classes = [1, 2]`" in gap.help
    (zeros,) = read(path, "0,0,1\n0,0,0\n", test_share=0.0).warnings
    assert "gives 0 to all inputs" in zeros.message
    (alike,) = read(path, "5,3,a\n5,3,b\n" * 2, test_share=0.0, low=0, high=9).warnings
    assert "gives the same values to all samples, whatever their labels" in alike.message
    (alone,) = read(path, "0,0.5,a\n1,0,a\n", test_share=0.0).warnings
    assert "have the label `a`" in alone.message
    assert {w.code for w in (counts, gap, zeros, alike, alone)} == {"W060"}


def test_a_test_file_with_other_columns(path, tmp_path):
    (tmp_path / "test.csv").write_text("b,a,kind\n0,1,0\n")
    other = str(tmp_path / "test.csv")
    found = refused("E061", read, path, "a,b,kind\n0,1,0\n", test=other)
    assert f"has a column `b` where `{path}` has `a`" in found.message


def test_a_table_that_does_not_fit_into_memory_is_not_kept(path, monkeypatch):
    monkeypatch.setattr("snncc.runtime.datasets.data.memory_bytes", lambda: 100)
    assert "fit into memory" in refused("E061", read, path, "0,1,0\n1,0,1\n1,1,1\n").message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1,0\n1,2,0\n", "t.csv`: line 2 has 3 columns where line 1 has 2"),
        ("a,b\n1,0\n\n1\n", "t.csv`: line 4 has 1 columns"),
        ("1,0\nx,0\n", r"line 2 has `x`, which is not a number, in column 0 \(from 0\)"),
        ("a,b\n1,0\nO.5,0\n", r"line 3 has `O.5`, which .* in column 0 \(from 0, `a`\)"),
        ("1,0\nnan,0\n", "line 2 has `nan`, a missing value, in column 0"),
        ("1,0\n,0\n", "line 2 has an empty cell in column 0"),
        ("1,0,0\n1,-inf,0\n", "line 2 has `-inf`, which is not finite, in column 1"),
        ("1,0\n1,\n", r"line 2 has no label: column 1 \(from 0\) is empty"),
        ("1.0,a\n1," + "b" * 101, r"line 2 has no label: column 1 \(from 0\) has 101 characters"),
        ("1,0\n1,a\n", r"line 2 has the label `a` in column 1 \(from 0\), and others are numbers"),
        ("1,0\n" * 4096 + "1,a\n", "line 4097 has the label `a` in column 1"),
        ("0.5,a\n" * 4096 + "1,0\n", "line 4097 has the label `0` .*, and others are texts"),
        ("0,1,label\n1,2,0\n", "numbers and text in its first line, `label` in column 2"),
        ("5,1,label\n1,2,0\n", "line 1 has the label `label` in column 2"),
        ("1,0\n1,-3\n", "label -3 in sample 1"),
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
    assert "its text is not UTF-8" in refused("E061", read, path).message
    path.write_bytes("1,0\n".encode("utf-16"))
    assert "its text is UTF-16" in refused("E061", read, path).message


@pytest.mark.parametrize("cut", [5, 20, -3])
def test_a_packed_table_that_is_cut(path, cut):
    path.write_bytes(gzip.compress(b"0,1\n1,0\n" * 100)[:cut])
    assert "it is damaged" in refused("E061", read, path).message


def test_paths_that_are_no_files(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    for name, reason in (("folder", "a folder"), ("pipe", "a pipe"), ("circle", "symbolic links")):
        assert reason in refused("E063", read, tmp_path / f"{name}.csv").message
    assert "no file name can have" in refused("E063", read, tmp_path / "a\0b.csv").message


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
