"""NIR files in a process of their own: what is handed over, and what damage comes to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from nir_damage import (
    CODES,
    MOST_MEMORY,
    damaged_files,
    raw_words,
    read_apart,
    sound_files,
)
from nir_files import write_nir
from nir_nodes import affine, chain, inp, lif, out
from refusal import refused

from snncc.frontend.nir import apart
from snncc.frontend.nir.apart import read_nir
from snncc.frontend.nir.decisions import Choices
from snncc.frontend.nir.program import imported
from snncc.frontend.nir.reader import read_graph
from snncc.ir.diagnostics import CompileError
from snncc.ir.nir.said import NirFile

SEED, FILES = 11, 120


@pytest.fixture
def path(tmp_path):
    draw = np.random.default_rng(1)
    part = {"i": inp(3), "lif": lif(3, draw), "o": out(3)}
    part = {"type": "NIRGraph", "nodes": part, "edges": chain(part)}
    conv = {
        "type": "Conv1d",
        "weight": draw.normal(size=(1, 1, 1)),
        "bias": np.zeros(1),
        "stride": 1,
        "padding": "valid",
        "dilation": 1,
        "groups": 1,
        "input_shape": 4,
    }
    flat = {"type": "Flatten", "start_dim": 0, "end_dim": -1}
    nodes = {"input": inp(1, 4), "conv": conv, "flat": flat, "fc": affine(3, 4, draw)}
    nodes |= {"cell": part, "output": out(3)}
    return write_nir(tmp_path / "net.nir", nodes, chain(nodes))


def same(a, b) -> bool:
    """Whether two graphs are one, to the bits and types of their numbers."""
    if a.edges != b.edges or list(a.nodes) != list(b.nodes):
        return False
    for one, other in zip(a.nodes.values(), b.nodes.values(), strict=True):
        if (one.name, one.kind, set(one.fields)) != (other.name, other.kind, set(other.fields)):
            return False
        for key, value in one.fields.items():
            assert np.asarray(value).dtype == np.asarray(other.fields[key]).dtype
            if not np.array_equal(value, other.fields[key]):
                return False
        if one.graph is not None and not same(one.graph, other.graph):
            return False
    return True


def test_it_hands_over_what_the_reader_reads(path) -> None:
    here, there = read_graph(path), read_nir(path)
    assert (here.name, here.version) == (there.name, there.version)
    assert same(here.graph, there.graph)


def test_a_refusal_comes_with_its_code_and_way_out(tmp_path) -> None:
    nodes = {"input": inp(1), "output": out(1)}
    path = write_nir(tmp_path / "net.nir", nodes, 2 * [("input", "output")])
    found, told = refused("E091", read_nir, path), refused("E091", read_graph, path)
    assert (found.message, found.help) == (told.message, told.help)


def test_a_file_that_is_never_read_to_its_end(path, monkeypatch) -> None:
    """As the library may take for ever: whoever reads it is stopped."""
    monkeypatch.setattr(apart, "_START", "import time; time.sleep(60)")
    assert "was not read within 0." in refused("E090", read_nir, path, 0.1).message


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("import os; os.abort()", "ended with -6"),
        ("raise MemoryError('too large')", "MemoryError: too large"),
    ],
)
def test_a_file_that_ends_who_reads_it(path, monkeypatch, start, told) -> None:
    monkeypatch.setattr(apart, "_START", start)
    assert told in refused("E090", read_nir, path).message


def test_its_memory_is_bounded(path, monkeypatch) -> None:
    start = apart._START + "; bytes(5 << 30)"
    monkeypatch.setattr(apart, "_START", start)
    assert "MemoryError" in refused("E090", read_nir, path).message


def looked_at(folder: Path, count: int, grown: list[int]) -> Counter[str]:
    """How many damaged files were imported, by themselves or repaired, how many refused by each
    code, or in raw words."""
    handed, broken = folder / "handed", folder / "broken.nir"
    handed.mkdir()
    found = Counter[str]()
    for _, content in damaged_files(sound_files(folder), SEED, count):
        broken.write_bytes(content)
        try:
            graph = read_apart(broken, handed, grown)
        except CompileError as error:
            found.update(raw_words(error) or {d.code for d in error.diagnostics})
            continue
        how = tried(graph)
        found.update(how)
        if how != ["imported"]:
            again = tried(graph, repair=True)
            found.update(["repaired"] if again == ["imported"] else {*again} - CODES)
    return found


def tried(graph: NirFile, **given: bool) -> list[str]:
    """How an import ends: by itself, with codes, or in raw words."""
    try:
        imported(graph, Choices(1e-3, "zero", "euler", **given), "w.safetensors")
    except CompileError as error:
        return raw_words(error) or [*{d.code for d in error.diagnostics}]
    return ["imported"]


def test_what_a_reader_came_to_hold_is_seen(path, tmp_path, monkeypatch) -> None:
    def holds(*_: str) -> None:
        np.ones(25 << 20)  # 200 MiB

    monkeypatch.setattr(apart, "main", holds)
    grown = list[int]()
    (tmp_path / "handed").mkdir()
    refused("E090", read_apart, path, tmp_path / "handed", grown)
    assert grown[0] > 150 << 20


@pytest.mark.slow
@pytest.mark.parametrize("count", [FILES, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_damaged_files_are_read_or_refused_in_words(tmp_path, count) -> None:
    grown = list[int]()
    found = looked_at(tmp_path, count, grown)
    assert found.keys() <= {*CODES, "imported", "repaired"}
    assert min(found[end] for end in ("imported", "E090", "E091")) > count // 30
    assert max(grown) < MOST_MEMORY


def test_no_file_is_said_to_be_none(tmp_path) -> None:
    """As other readers say it: nothing is damaged, and nothing to be made anew."""
    for path, reason in (
        (tmp_path / "none.nir", "No such file or directory"),
        (tmp_path, "it is a folder"),
    ):
        said = refused("E063", read_nir, path)
        assert said.message == f"cannot read `{path}`: {reason}"
        assert "spelling" in str(said.help)
        assert "anew" not in str(said.help)
