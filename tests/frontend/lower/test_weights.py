from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refusal import refused
from safetensors.numpy import save_file

from snncc.frontend.lower.weights import read_weights
from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import CompileError, Source, Span

SPAN = Span(Source("t.snn", "x"), 0, 1)
TABLE = np.arange(6, dtype=np.float32).reshape(2, 3) / 4


def read(path: Path, key: str = "") -> np.ndarray:
    return read_weights(path, key, SPAN)


def refusal(path: Path, key: str = "") -> str:
    diagnostic = refused("E063", read, path, key)
    assert diagnostic.span == SPAN
    return f"{diagnostic.message} {diagnostic.help}"


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.uint16, ">f4", np.float16])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy(tmp_path: Path, dtype: str, order: str) -> None:
    table = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "w.npy", table)
    got = read(tmp_path / "w.npy")
    assert got.dtype == np.float32
    assert np.array_equal(got, table.astype(np.float32))


def test_npz(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", a=TABLE, b=TABLE * 2)
    assert np.array_equal(read(tmp_path / "w.npz", "b"), TABLE * 2)
    assert "say which array" in refusal(tmp_path / "w.npz")
    assert "no array `c`" in refusal(tmp_path / "w.npz", "c")
    np.savez(tmp_path / "one.npz", only=TABLE)
    assert np.array_equal(read(tmp_path / "one.npz"), TABLE)


def test_safetensors(tmp_path: Path) -> None:
    save_file({"a": TABLE, "b": TABLE * 2}, str(tmp_path / "w.safetensors"))
    assert np.array_equal(read(tmp_path / "w.safetensors", "a"), TABLE)
    assert "say which array" in refusal(tmp_path / "w.safetensors")


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("# weights\n0, 0.25, 0.5\n\n0.75, 1, 1.25\n")
    assert np.array_equal(read(tmp_path / "w.csv"), TABLE)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.csv", b"1,2\n3\n", "line 2 has 1 numbers"),
        ("w.csv", b"1,x\n", "line 1 is not a row of numbers"),
        ("w.csv", b"", "it is empty"),
        ("w.csv", b"1,nan\n", "not finite"),
        ("w.csv", b"1,1e99\n", "not finite"),
        ("w.csv", b"\xff\xfe", "UTF-8"),
        ("w.npy", b"", "damaged"),
        ("w.npy", b"\x93NUMPY\x01\x00", "damaged"),
        ("w.npz", b"PK\x03\x04garbage", "damaged"),
        ("w.safetensors", b"\xff" * 16, "damaged"),
        ("w.txt", b"1,2\n", "no weight file"),
        ("w", b"1,2\n", "no weight file"),
    ],
)
def test_files_that_are_not_what_they_say(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refusal(tmp_path / name)


def npy(shape: str, descr: str = "'<f4'", data: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (64 - (10 + len(header) + 1) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    "content",
    [
        npy("(1000000000000, 3)"),
        npy("(3, -1)"),
        npy("(2, 2)", "'|O'", b"\x80\x04N." * 10),
        npy("(2, 2)", data=b"\0" * 15),
        npy("(2, 2)", "'<c8'", data=b"\0" * 32),
        npy("(4,)", data=b"\0" * 16),
        npy("(0, 2)"),
        npy("__import__('os').system('true')"),
    ],
)
def test_hostile_headers(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npy").write_bytes(content)
    refusal(tmp_path / "w.npy")


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([[print]], dtype=object), allow_pickle=True)
    refusal(tmp_path / "w.npy")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy("(100000000, 1000)") + b"\0" * 1_000_000)
    (tmp_path / "w.npz").write_bytes(buffer.getvalue())
    refusal(tmp_path / "w.npz")


def test_folders_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "w.npy").mkdir()
    assert "no file" in refusal(tmp_path / "w.npy")
    refusal(tmp_path / "none.npy")


@given(st.integers(0, 10**6), st.integers(0, 255))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_damaged_byte_gives_an_array_or_a_diagnostic(
    tmp_path: Path, place: int, value: int
) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, a=TABLE)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    assert _code(path) in (None, "E063")


def _code(path: Path) -> str | None:
    try:
        assert read(path).ndim == 2
    except CompileError as error:
        return error.diagnostics[0].code
    return None


# ---- in a program


def program(
    tmp_path: Path, name: str, pre: int = 2, post: int | str = 3, layout: str = ""
) -> object:
    shape = f"[{post}]" if post else ""
    text = (
        f"network n {{ input x[{pre}] encode bernoulli(duration = 4 ms) "
        f'population h{shape} : lif x -> h : file(path = "{name}"{layout}) as w }}'
    )
    graph = compile_text(Source(str(tmp_path / "net.snn"), text)).graph
    (projection,) = graph.projections
    assert not projection.trainable
    assert projection.init["tensor"] == "w"
    return projection.connectivity, graph.tensors["w"]


def test_a_matrix_joins_all_pairs(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", TABLE)
    connectivity, weights = program(tmp_path, "w.npy")  # type: ignore[misc]
    assert connectivity.kind == "file"
    assert np.array_equal(weights, TABLE)


def test_rows_of_pre_post_weight_are_a_list(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text("0,1,0.5\n1,2,-1\n0,0,2\n1,0,3\n")
    connectivity, weights = program(tmp_path, "w.csv")  # type: ignore[misc]
    assert connectivity.kind == "list"
    assert connectivity["synapses"] == ((0, 1), (1, 2), (0, 0), (1, 0))
    assert weights.tolist() == [0.5, -1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("rows", "code"), [("0,0.5,1\n", "E042"), ("0,-1,1\n", "E042"), ("1,2\n", "E040")]
)
def test_tables_that_do_not_fit(tmp_path: Path, rows: str, code: str) -> None:
    (tmp_path / "w.csv").write_text(rows)
    refused(code, program, tmp_path, "w.csv")


BOTH = "0,1,0.5\n1,2,0.5\n"  # two rows of three: a matrix of 2 neurons to 3, or two synapses


@pytest.mark.parametrize(("rows", "post"), [(BOTH, 3), ("0,0,0\n0,0,0\n", 3), (BOTH, "")])
def test_a_table_that_may_be_read_in_two_ways_is_refused(
    tmp_path: Path, rows: str, post: int | str
) -> None:
    (tmp_path / "w.csv").write_text(rows)
    found = refused("E042", program, tmp_path, "w.csv", post=post)
    assert '`layout = "matrix"` or `layout = "list"`' in found.help


@pytest.mark.parametrize(
    "rows", [BOTH.replace("1,", "-1,"), "0,1.5,0.5\n1,2,0.5\n", BOTH.replace("1,2", "1,3")]
)
def test_a_table_whose_rows_cannot_be_synapses_is_a_matrix(tmp_path: Path, rows: str) -> None:
    (tmp_path / "w.csv").write_text(rows)
    connectivity, weights = program(tmp_path, "w.csv")  # type: ignore[misc]
    assert connectivity.kind == "file"
    assert weights.shape == (2, 3)


def test_the_layout_settles_it(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(BOTH)
    connectivity, weights = program(tmp_path, "w.csv", layout=', layout = "list"')  # type: ignore[misc]
    assert connectivity["synapses"] == ((0, 1), (1, 2))
    assert weights.tolist() == [0.5, 0.5]
    connectivity, weights = program(tmp_path, "w.csv", layout=', layout = "matrix"')  # type: ignore[misc]
    assert connectivity["layout"] == "matrix"
    assert weights.tolist() == [[0, 1, 0.5], [1, 2, 0.5]]


@pytest.mark.parametrize(
    ("layout", "rows", "code"),
    [
        ("list", "1,2\n3,4\n", "E040"),
        ("matrix", "1,2\n3,4\n", "E040"),
        ("list", "0.5,1,1\n", "E042"),
        ("rows", BOTH, "E022"),
    ],
)
def test_a_layout_that_is_not_the_files(tmp_path: Path, layout: str, rows: str, code: str) -> None:
    (tmp_path / "w.csv").write_text(rows)
    refused(code, program, tmp_path, "w.csv", layout=f', layout = "{layout}"')
