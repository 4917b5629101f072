from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from refusal import refused
from safetensors.numpy import save_file

from snncc.frontend.lower.weights import read_weights
from snncc.frontend.stored.arrays import Header
from snncc.frontend.stored.unfit import Unfit
from snncc.ir.diagnostics import Diagnostic, Source, Span

SPAN = Span(Source("t.snn", "x"), 0, 1)
TABLE = np.arange(6, dtype=np.float32).reshape(2, 3) / 4


def read(path: Path, key: str = "") -> np.ndarray:
    return read_weights(path, key, lambda header: None, SPAN)


def refusal(path: Path, key: str = "") -> Diagnostic:
    diagnostic = refused("E063", read, path, key)
    assert diagnostic.span == SPAN
    return diagnostic


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.uint16, ">f4", np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path: Path, dtype: str, order: str) -> None:
    table = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "w.npy", table)
    assert np.array_equal(read(tmp_path / "w.npy"), table)


def test_npz(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", a=TABLE, b=TABLE * 2)
    assert np.array_equal(read(tmp_path / "w.npz", "b"), TABLE * 2)
    assert "say which" in refusal(tmp_path / "w.npz").help
    assert "no array `c`" in refusal(tmp_path / "w.npz", "c").message
    np.savez(tmp_path / "one.npz", only=TABLE)
    assert np.array_equal(read(tmp_path / "one.npz"), TABLE)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, bool])
def test_safetensors(tmp_path: Path, dtype: type) -> None:
    table = (TABLE * 4).astype(dtype)
    save_file({"a": table, "b": TABLE}, str(tmp_path / "w.safetensors"))
    assert np.array_equal(read(tmp_path / "w.safetensors", "a"), table)
    assert "say which" in refusal(tmp_path / "w.safetensors").help


@pytest.mark.parametrize(
    "text",
    [
        "# weights\n0, 0.25, 0.5\n\n0.75, 1, 1.25\n",
        "a,b,c\n0,0.25,0.5\n0.75,1,1.25",
        "0;0.25;0.5\n0.75;1;1.25\n",
        "0\t0.25\t0.5\n0.75\t1\t1.25\n",
        "# columns\n0.00e+00 2.5e-01 5.0e-01\n7.5e-01 1.0e+00  1.25e+00\n",
        '"0","0.25","0.5"\r\n"0.75","1","1.25"\r\n',
        "\ufeff0,0.25,0.5\n0.75,1,1.25\n",
    ],
)
def test_csv(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.csv").write_text(text, encoding="utf-8", newline="")
    assert np.array_equal(read(tmp_path / "w.csv"), TABLE)


@pytest.mark.parametrize(
    ("name", "content", "message", "way_out"),
    [
        ("w.csv", b"1,2\n3\n", "line 2 has 1 columns where line 1 has 2", "a cell for every"),
        ("w.csv", b"1,2\n3;4\n", "line 2 has 1 columns where line 1 has 2", "separated by `;`"),
        ("w.csv", b"1,x\n", "line 1 has `x`, which is not a number, in column 1 (from 0)", "give"),
        ("w.csv", b"1,\n", "line 1 has an empty cell in column 1 (from 0)", "give it a number"),
        ("w.csv", b"1,O.5\n", "line 1 has `O.5`, which is not", "did you mean `0.5`?"),
        ("w.csv", b"1;2,5\n", "line 1 has `2,5`, which has a decimal comma,", "a decimal point"),
        ("w.csv", b"1,2\n3;4,5\n", "line 2 has `3;4`, two cells with another separator,", "commas"),
        ("w.csv", b"1,nan\n", "line 1 has `nan`, a missing value,", "give"),
        ("w.csv", b"1,-inf\n", "line 1 has `-inf`, which is not finite,", "give"),
        ("w.csv", b"NA,,?\n0,1,2\n", "line 1 has `NA`, a missing value,", "give"),
        ("w.csv", b"", "it is empty", ""),
        ("w.csv", b"pre,post,weight\n", "it has a header and no rows", ""),
        ("w.csv", b"1,1e39\n", "it holds 1e+39 in row 0, column 1 (both from 0)", "below 3.4e+38"),
        ("w.csv", b"\xff\xfe1\0", "its text is UTF-16", "save it as UTF-8"),
        ("w.csv", b"\xff", "its text is not UTF-8", "save it as UTF-8"),
        ("w.csv", b'1,"2\n', "line 1 has an odd quote", "for a quote inside"),
        ("w.npy", b"", "it is no NumPy array: it starts with nothing", ""),
        ("w.npz", b"PK\x03\x04garbage", "it is damaged (File is not a zip file)", "copy it again"),
        ("w.safetensors", b"\xff" * 16, "it is damaged (", "copy it again"),
        ("w.txt", b"1,2\n", "`w.txt` is no weight file", "the kinds are"),
        ("w", b"1,2\n", "`w` is no weight file", "the kinds are"),
    ],
)
def test_files_that_are_not_what_they_say(
    tmp_path: Path, name: str, content: bytes, message: str, way_out: str
) -> None:
    (tmp_path / name).write_bytes(content)
    found = refusal(tmp_path / name)
    assert message in found.message
    assert way_out in found.help
    assert bool(way_out) == bool(found.help)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4,)), "shape [4], not a table"),
        (np.zeros((0, 2)), "shape [0, 2], not a table"),
        (np.zeros((2, 2), complex), "it holds complex128, not numbers"),
        (np.zeros((2, 2), "U3"), "it holds <U3, not numbers"),
        (np.array([[1, np.inf]]), "it holds inf in row 0, column 1 (both from 0)"),
        (np.array([[print]], dtype=object), "it holds Python objects, which are never loaded"),
    ],
)
def test_arrays_that_are_no_weights(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "w.npy", array, allow_pickle=True)
    assert message in refusal(tmp_path / "w.npy").message


def test_a_type_that_numpy_lacks(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}'
    (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    assert "it holds BF16, a type that NumPy lacks" in refusal(tmp_path / "w.safetensors").message


@pytest.mark.parametrize("name", ["w.npy", "w.npz", "w.safetensors", "w.csv"])
def test_values_are_read_only_if_their_header_is_taken(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "w.npy", TABLE)
    np.savez(tmp_path / "w.npz", a=TABLE)
    save_file({"a": TABLE}, str(tmp_path / "w.safetensors"))
    np.savetxt(tmp_path / "w.csv", TABLE)

    def accept(header: Header) -> None:
        assert header.shape == (2, 3)
        raise Unfit("it is not wanted")

    assert "not wanted" in refused("E063", read_weights, tmp_path / name, "", accept, SPAN).message


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.npy").mkdir()
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    assert "it is a folder" in refusal(tmp_path / "folder.npy").message
    assert "it is a pipe" in refusal(tmp_path / "pipe.npz").message
    assert "symbolic links" in refusal(tmp_path / "circle.csv").message
    assert "no file name can have" in refusal(tmp_path / "a\0b.npy").message
    assert refusal(tmp_path / "none.npy").help == "a path is relative to the file that names it"
