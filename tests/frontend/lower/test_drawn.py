"""Values of neurons in a program: from files, in loops, in modules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text

from snncc.frontend.program import compile_text, load_program, survey_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline

NET = """network n {{
  dt = 1 ms
  input x[2] encode spikes(duration = 5 ms)
  output y[2, 3] : lif({value})
  x -> y : dense
}}
"""


def compiled(folder: Path, value: str):
    path = folder / "net.snn"
    path.write_text(NET.format(value=value))
    return run_pipeline(load_program(path).graph)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    values = np.arange(5.0, 11.0)
    np.save(tmp_path / "flat.npy", values)
    np.save(tmp_path / "shaped.npy", values.reshape(2, 3).astype(np.float32))
    np.savez(tmp_path / "many.npz", a=values, b=values + 1)
    (tmp_path / "list.csv").write_text("tau\n" + "\n".join(map(str, values)))
    return tmp_path


@pytest.mark.parametrize(
    ("file", "first", "scale"),
    [
        ('file("flat.npy", unit = 1 ms)', 5.0, 1.0),
        ('file("shaped.npy", unit = 0.01 s)', 50.0, 10.0),
        ('file("many.npz", key = "b", unit = 1 ms)', 6.0, 1.0),
        ('file("list.csv", unit = 1 ms)', 5.0, 1.0),
        ('file("list.csv", "", 1 ms)', 5.0, 1.0),
    ],
)
def test_a_file_of_values(folder: Path, file: str, first: float, scale: float) -> None:
    graph = compiled(folder, f"tau_mem = {file}")
    population = graph.population("y")
    assert population.drawn == (("tau_mem", Call("given", (("tensor", "y/tau_mem"),))),)
    array = draw_model(graph, 0).values["y/tau_mem"].array
    np.testing.assert_allclose(array, scale * np.arange(6.0) + first, rtol=1e-6)
    assert population.parameter("tau_mem") == pytest.approx(array.mean())


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (np.ones(5), "E040", "holds 5 numbers for 6 neurons"),
        (np.ones((6, 1, 2)), "E040", "holds 12 numbers for 6 neurons"),
        (np.array([1, 2, np.inf, 4, 5, 6]), "E063", "holds inf in place 2"),
        (np.array(["a"] * 6), "E063", "not numbers"),
        (np.full(6, 1e30), "E022", "is too large"),
    ],
)
def test_a_file_that_does_not_fit(tmp_path: Path, content, code, reason) -> None:
    np.save(tmp_path / "a.npy", content)
    text = NET.format(value='tau_mem = file("a.npy", unit = 1e12 s)')
    (found,) = survey_text(Source(str(tmp_path / "net.snn"), text)).diagnostics
    assert found.code == code
    assert reason in found.message


def test_an_index_of_a_loop_is_none_of_a_neuron() -> None:
    text = """network n {
      input x[2] encode spikes(duration = 5 ms)
      neuron cell = lif(tau_syn = 5 ms + 1 ms * i)
      population a[i in 1..3][4] : lif(tau_mem = i * 20 ms)
      output y[4] : cell
      x -> y : dense
    }"""
    graph = compiled_text(text).graph
    assert [graph.population(f"a[{i}]").parameter("tau_mem") for i in (1, 2)] == [20.0, 40.0]
    assert graph.population("a[1]").drawn == ()
    assert draw_model(graph, 0).values["y/tau_syn"].array.tolist() == [5, 6, 7, 8]


def test_instances_of_a_module_draw_their_own() -> None:
    text = """module m { population p[4] : lif(tau_mem = uniform(20 ms, 40 ms))
      port in feed = p }
    network n {
      input x[2] encode spikes(duration = 5 ms)
      instance a[k in 0..2] : m
      output y[1] : lif
      x -> a[0].feed : dense
      x -> y : dense
    }"""
    model = draw_model(compiled_text(text).graph, 0)
    first, second = (model.values[f"a[{k}].p/tau_mem"].array for k in (0, 1))
    assert not np.array_equal(first, second)


def test_a_shape_that_is_found_later() -> None:
    text = """network n {
      input x[1, 4, 4] encode spikes(duration = 5 ms)
      population c : lif(tau_mem = 20 ms + 1 ms * i)
      output y[2] : lif
      x -> c : conv2d(channels = 1, kernel = 3)
      c -> y : dense
    }"""
    graph = run_pipeline(compile_text(Source("t.snn", text)).graph)
    assert draw_model(graph, 0).values["c/tau_mem"].array.tolist() == [20, 21, 22, 23]
