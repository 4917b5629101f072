import gzip
import os

import numpy as np
import pytest

from snncc.ir.diagnostics import CompileError
from snncc.runtime.diff import read_csv
from snncc.runtime.diff.read_csv import read_csv_log

HEADER = "sample,step,population,neuron\n"


@pytest.fixture
def read(tmp_path):
    def of(content):
        path = tmp_path / "log.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_csv_log(path)

    return of


def test_rows_in_any_order_and_columns_in_any_order(read):
    for text in (
        HEADER + "1,4,h,0\n0,2,y,1\n0,2,h,3\n# a remark\n0,2,h,1.0\n\n",
        "population;neuron;step;sample\nh;0;4;1\ny;1;2;0\nh;3;2;0\n" + '"h";1;2;0\n',
    ):
        log = read(text)
        assert {n: r.tolist() for n, r in log.rows.items()} == {
            "h": [[0, 2, 1], [0, 2, 3], [1, 4, 0]],
            "y": [[0, 2, 1]],
        }
        assert (log.least(0), log.least(1), log.least_neurons("h")) == (2, 5, 4)
        assert (log.samples, log.steps, log.neurons) == (None, None, {"h": None, "y": None})
    assert read(gzip.compress(text.encode())).rows.keys() == {"h", "y"}
    assert read(HEADER).rows == {}


def test_a_row_tells_its_line(read):
    log = read(HEADER + "1,4,h,0\n\n0,2,h,1\n")
    assert [log.where("h", k) for k in (0, 1)] == ["line 4", "line 2"]


BAD = {
    "": "it is empty",
    "0,1,2,3\n": "line 1 has numbers in place of the columns' names",
    "sample,step,pop,neuron\n": "line 1 names no column `population`",
    "sample,step,population,neuron,neuron\n": "line 1 names a column that a log does not have",
    HEADER + "0,1,h\n": "line 2 has 3 columns where line 1 has 4",
    HEADER + "0,1,h,0\n0,x,h,0\n": "line 3 has the step `x`, which is no number",
    HEADER + "0,1,,0\n": "line 2 names no population",
    HEADER + "0,1,h,\n": "line 2 has the neuron ``, which is no number",
    HEADER + "0,-1,h,0\n": "line 2 has the step `-1`, which is negative",
    HEADER + "0,1,h,1.5\n": "line 2 has the neuron `1.5`, which is not whole",
    HEADER + "nan,1,h,1\n": "line 2 has the sample `nan`; none is 2147483647 or beyond",
    HEADER + "0,99999999999999999999,h,1\n": "none is 2147483647 or beyond",
    HEADER + "0,٣,h,1\n": "which is no number",
    HEADER + '0,1,"h,1\n': "line 2 has",
    HEADER + "0,1,h,2\n" * 256: "neuron 2 of `h` fires more than 255 times in step 1 of sample 0",
    b"\xff\xfe\x00": "UTF-16",
    b"\x1f\x8b\x08broken": "it is damaged",
}


@pytest.mark.parametrize("content", BAD)
def test_what_is_no_log(read, content):
    with pytest.raises(CompileError, match=r"error\[E064\]: `.*log.csv`: ") as caught:
        read(content)
    (found,) = caught.value.diagnostics
    assert BAD[content] in found.message
    assert found.help


def test_the_nearest_column_is_named(read):
    with pytest.raises(CompileError, match="did you mean `populations`"):
        read("sample,step,populations,neuron\n")


def test_memory_is_bounded(read, monkeypatch):
    monkeypatch.setattr(read_csv, "room", lambda: 250)
    assert read(HEADER + "0,1,h,1\n0,1,h,2\n").least(1) == 2
    with pytest.raises(CompileError, match="more spikes than fit into memory"):
        read(HEADER + "0,1,h,1\n0,1,h,2\n0,1,h,3\n")
    monkeypatch.undo()
    monkeypatch.setattr(read_csv, "MOST_POPULATIONS", 1)
    with pytest.raises(CompileError, match="more than 1 populations"):
        read(HEADER + "0,1,h,1\n0,1,k,2\n")


def test_many_spikes(read):
    generator = np.random.default_rng(0)
    rows = np.unique(generator.integers(0, 30, (9000, 3)), axis=0)
    shuffled = generator.permutation(rows)
    log = read(HEADER + "".join(f"{s},{t},h,{n}\n" for s, t, n in shuffled))
    np.testing.assert_array_equal(log.rows["h"], rows)
    assert log.where("h", 0) == f"line {2 + int((shuffled == rows[0]).all(axis=1).argmax())}"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda p: os.symlink(p, p)])
def test_what_is_no_file(tmp_path, make):
    make(tmp_path / "log.csv")
    with pytest.raises(CompileError, match="E063"):
        read_csv_log(tmp_path / "log.csv")
