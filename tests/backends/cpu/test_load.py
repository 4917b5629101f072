"""Generated modules on disk."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from compiled_texts import compiled_text
from numba import njit

from snncc.backends.compiled.plan import distinct_steps
from snncc.backends.cpu import load
from snncc.backends.cpu.codegen import KERNEL_MODULE

NET = """
network n {
  input x[2] encode bernoulli(duration = 10 ms)
  output y[3] : if
  x -> y : dense
}
"""


@pytest.fixture
def small_kernels(monkeypatch):
    """Kernels that take no time to import."""
    monkeypatch.setattr(load, "kernel_source", lambda *_: "ANSWER = 42\n")
    before = set(sys.modules)
    yield
    for name in [n for n in set(sys.modules) - before if n.startswith("snncc_cpu_")]:
        del sys.modules[name]


@pytest.fixture
def small_steps(monkeypatch, small_kernels):
    monkeypatch.setattr(load, "graph_source", lambda steps, *_: f"advance = {len(steps)}\n")


def test_files_are_named_by_what_they_hold(tmp_path, small_steps):
    folder = tmp_path / "new" / "kernels"
    one = load.load_kernels((), folder, {})
    assert one.module.ANSWER == 42
    assert one.advance == 0
    names = sorted(path.name for path in folder.glob("*.py"))
    assert len(names) == 2
    assert names[0].startswith(KERNEL_MODULE)
    two = load.load_kernels((None,), folder, {})
    assert two.module is one.module, "the fixed kernels are loaded once"
    assert two.advance == 1
    assert len(list(folder.glob("*.py"))) == 3
    assert not list(folder.glob("*.tmp"))


def test_the_threads_of_parallel_kernels_are_there(tmp_path):
    """In a process that has called none yet: a kernel from the cache may call one at once."""
    code = (
        "import sys, numba, pathlib\n"
        "from snncc.backends.cpu import load\n"
        "load.kernel_source = lambda *_: 'ANSWER = 42'\n"
        "load.graph_source = lambda *_: 'advance = 0'\n"
        "load.load_kernels((), pathlib.Path(sys.argv[1]), {})\n"
        "print(numba.threading_layer())\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_damaged_file_is_written_anew(tmp_path, small_steps):
    load.load_kernels((), tmp_path, {})
    (path,) = tmp_path.glob(f"{KERNEL_MODULE}*.py")
    text = path.read_text()
    path.write_bytes(b"raise SystemExit \xff\n")
    for name in [n for n in sys.modules if n.startswith(KERNEL_MODULE)]:
        del sys.modules[name]
    assert load.load_kernels((), tmp_path, {}).module.ANSWER == 42
    assert path.read_text() == text


def test_a_whole_file_is_left_alone(tmp_path, small_steps):
    load.load_kernels((), tmp_path, {})
    times = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.py")}
    for name in [n for n in sys.modules if n.startswith("snncc_cpu_")]:
        del sys.modules[name]
    load.load_kernels((), tmp_path, {})
    assert times == {p: p.stat().st_mtime_ns for p in tmp_path.glob("*.py")}


def test_a_folder_that_cannot_be_made(tmp_path, small_steps):
    """Then the kernels live in a temporary folder."""
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert load.load_kernels((), file / "kernels", {}).module.ANSWER == 42
    assert file.read_text() == "not a folder"


@njit
def call(advance, model, p, lo, hi, first, last, reals, integers, currents, constants, fired):
    """As the kernels do; from Python, `advance` would be the function before compilation."""
    advance(model, p, lo, hi, first, last, reals, integers, currents, constants, fired)


@pytest.mark.slow
def test_steps_compile_to_a_pointer(tmp_path, small_kernels):
    """`advance` takes the neurons lo:hi a step further, and no other."""
    graph = compiled_text(NET).graph
    kernels = load.load_kernels(distinct_steps(graph), tmp_path, {})
    assert kernels.advance.address
    reals, integers = np.zeros((1, 6), np.float32), np.zeros((1, 6), np.int32)
    currents = np.array([[5, 5, 0.5, 1.0, 1.5, 5], [5, 5, 0.25, 0.5, 0.25, 5]], np.float32)
    constants = np.array([[9], graph.population("y").constants], np.float32)
    fired = np.full((3, 4), 9, np.uint8)
    call(kernels.advance, 0, 1, 2, 5, 4, 6, reals, integers, currents, constants, fired)
    assert reals[0].tolist() == [0, 0, 0.75, 0.5, 0.75, 0]
    assert fired.tolist() == [[0, 1, 1, 9], [0, 0, 0, 9], [9, 9, 9, 9]]
