"""Weight files in a program: what their tables mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from refusal import refused

from snncc.frontend.program import compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.wiring import Listed

TABLE = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
BOTH = "0,1,0.5\n1,2,0.5\n"  # two rows of three: a matrix of 2 neurons to 3, or two synapses
DELAYS = "0,1,0.5,1\n1,2,0.5,3\n2,0,1,1\n"  # a matrix of 3 neurons to 4, or synapses with delays


def program(
    tmp_path: Path, name: str, pre: int = 2, post: int | str = 3, layout: str = ""
) -> object:
    shape = f"[{post}]" if post else ""
    said = f', layout = "{layout}"' if layout else ""
    text = (
        f"network n {{ input x[{pre}] encode bernoulli(duration = 4 ms) "
        f'population h{shape} : lif x -> h : file(path = "{name}"{said}) as w }}'
    )
    graph = compile_text(Source(str(tmp_path / "net.snn"), text)).graph
    (projection,) = graph.projections
    assert not projection.trainable
    assert projection.init["tensor"] == "w"
    return projection.connectivity, graph.tensors["w"]


def given(tmp_path: Path, rows: str, **how: object) -> object:
    (tmp_path / "w.csv").write_text(rows)
    return program(tmp_path, "w.csv", **how)  # type: ignore[arg-type]


def test_a_matrix_joins_all_pairs(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", TABLE)
    connectivity, weights = program(tmp_path, "w.npy")  # type: ignore[misc]
    assert connectivity.kind == "file"
    assert np.array_equal(weights, TABLE)
    assert weights.dtype == np.float32


def test_a_transposed_matrix_is_recognized_and_read(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", TABLE.T)
    found = refused("E040", program, tmp_path, "w.npy")
    assert "holds [3, 2] weights, but the populations ask for [2, 3]" in found.message
    assert '`layout = "post_pre"`' in found.help
    connectivity, weights = program(tmp_path, "w.npy", layout="post_pre")  # type: ignore[misc]
    assert connectivity["layout"] == "post_pre"
    assert np.array_equal(weights, TABLE)
    assert weights.flags.c_contiguous
    np.save(tmp_path / "three.npy", np.full((4, 3), 0.5))
    assert "post_pre" in refused("E040", program, tmp_path, "three.npy", 3, 4).help
    found = refused("E040", program, tmp_path, "w.npy", 4, 2, "post_pre")
    assert "holds [3, 2] weights, but the populations ask for [2, 4]" in found.message


def test_rows_of_pre_post_weight_are_a_list(tmp_path: Path) -> None:
    connectivity, weights = given(tmp_path, "0,1,0.5\n1,2,-1\n0,0,2\n1,0,3\n")  # type: ignore[misc]
    assert connectivity.kind == "list"
    assert connectivity["synapses"] == ((0, 1), (1, 2), (0, 0), (1, 0))
    assert weights.tolist() == [0.5, -1.0, 2.0, 3.0]


def test_an_index_is_not_rounded(tmp_path: Path) -> None:
    last = 2**24 + 1  # float32 has no such number
    rows = f"0,{last},0.5\n"
    connectivity, _ = given(tmp_path, rows, post=last + 1, layout="list")  # type: ignore[misc]
    assert connectivity["synapses"] == ((0, last),)


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        ("0,0.5,1\n", "E042", "has 0.5 for a neuron's index in row 0"),
        ("0,1,1\n0,0,1\n0,-1,1\n", "E042", "has -1 for a neuron's index in row 2"),
        ("1,2\n", "E040", "holds [1, 2] weights, but the populations ask for [2, 3]"),
    ],
)
def test_tables_that_do_not_fit(tmp_path: Path, rows: str, code: str, message: str) -> None:
    assert message in refused(code, given, tmp_path, rows).message


@pytest.mark.parametrize("post", [3, ""])
def test_a_table_that_may_be_read_in_two_ways_is_refused(tmp_path: Path, post: int | str) -> None:
    found = refused("E042", given, tmp_path, BOTH, post=post)
    assert '`layout = "matrix"` or `layout = "list"`' in found.help


@pytest.mark.parametrize(("pre", "post"), [(3, 4), (3, "")])
def test_a_list_with_delays_may_be_a_matrix(tmp_path: Path, pre: int, post: int | str) -> None:
    found = refused("E042", given, tmp_path, DELAYS, pre=pre, post=post)
    assert "a [pre, post] matrix, and may be rows of pre, post, weight, delay" in found.message


@pytest.mark.parametrize(("pre", "post", "layout"), [(4, 4, ""), (3, 4, "list")])
def test_a_column_of_delays(tmp_path: Path, pre: int, post: int, layout: str) -> None:
    (tmp_path / "w.csv").write_text(DELAYS)
    said = f', layout = "{layout}"' if layout else ""
    text = (
        f"network n {{ dt = 0.5 ms input x[{pre}] encode bernoulli(duration = 4 ms) "
        f'population h[{post}] : lif x -> h : file(path = "w.csv"{said}) as w }}'
    )
    graph = compile_text(Source(str(tmp_path / "net.snn"), text)).graph
    (projection,) = graph.projections
    assert projection.connectivity.kind == "list"
    assert graph.tensors["w@delays"].tolist() == [2, 6, 2]
    assert projection.delay == 2
    assert projection.delays is not None
    assert projection.delays["tensor"] == "w@delays"
    wiring = draw_model(run_pipeline(graph), 0).wirings["w"]
    assert isinstance(wiring, Listed)
    assert wiring.delay is not None
    assert wiring.delay.tolist() == [2, 6, 2]


def test_the_layout_makes_it_one(tmp_path: Path) -> None:
    _, weights = given(tmp_path, DELAYS, pre=3, post=4, layout="matrix")  # type: ignore[misc]
    assert weights.shape == (3, 4)


@pytest.mark.parametrize(
    "rows",
    [
        BOTH.replace("1,", "-1,"),
        "0,1.5,0.5\n1,2,0.5\n",
        BOTH.replace("1,2", "1,3"),
        "0,0,0\n0,0,0\n",
    ],
)
def test_a_table_whose_rows_cannot_be_synapses_is_a_matrix(tmp_path: Path, rows: str) -> None:
    connectivity, weights = given(tmp_path, rows)  # type: ignore[misc]
    assert connectivity.kind == "file"
    assert weights.shape == (2, 3)


def test_the_layout_settles_it(tmp_path: Path) -> None:
    connectivity, weights = given(tmp_path, BOTH, layout="list")  # type: ignore[misc]
    assert connectivity["synapses"] == ((0, 1), (1, 2))
    assert weights.tolist() == [0.5, 0.5]
    connectivity, weights = given(tmp_path, BOTH, layout="matrix")  # type: ignore[misc]
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
    refused(code, given, tmp_path, rows, layout=layout)


def test_more_numbers_than_synapses_are_not_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", a=np.zeros((1000, 1000)))
    found = refused("E040", program, tmp_path, "w.npz")
    assert "more numbers than 2 neurons to 3 can have weights" in found.message


def test_a_list_has_no_fifth_column(tmp_path: Path) -> None:
    found = refused("E040", given, tmp_path, "0,1,0.5,1,7\n", layout="list")
    assert "has 5 columns, but a list has rows of pre, post, weight" in found.message
