"""The laws of the house that no linter knows. import-linter holds the direction of imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("ir", "frontend", "backends", "runtime")
OUTSIDE = ("tests", "benchmarks", "examples")
BANNED = {"utils", "util", "helpers", "common", "base", "manager", "misc"}
LINES = 400
BODY_LINES = 50

# Tests of no one file: several files of the room, or the room from outside.
ACROSS = {
    "frontend/test_errors.py",  # every file of tests/errors
    "frontend/test_fuzz.py",  # any text at all
    "runtime/test_damaged.py",  # every file of ours that is read
    "runtime/cli/test_stopped.py",  # a training that is ended in every way
    "runtime/cli/test_loihi.py",  # from a program to a chip
    "runtime/test_imported_spikes.py",  # what NIR leaves open, from the file to spikes
    "runtime/test_odd_files.py",  # NIR files of others, from the file to spikes
    "runtime/cli/test_ranc.py",  # and from one that is trained for it
    "runtime/cli/test_xylo.py",  # the same
    "runtime/cli/test_counted.py",  # the same, of inputs of several spikes in a step
    "runtime/cli/test_qat.py",  # a training of what integers do, from its options to its packages
    "backends/rules/spike_train/oracle/test_pools.py",  # from profiles to errors below
    "runtime/test_damaged_data.py",  # every file of numbers that is read
    "runtime/cli/test_paths.py",  # every command that is given a path
    "backends/test_varied.py",  # a model, every simulator
    "backends/cuda/test_integers.py",  # the same on a device
    "backends/test_synapse_examples.py",  # examples with states of synapses, beside NumPy
    "backends/test_integers.py",  # networks of integers, every engine that computes them
    "backends/test_learns.py",  # a rule, an engine and real data
    "backends/rules/through_time/test_torch.py",  # the same networks, by another library
    "backends/rules/test_refused.py",  # a loss, a rule, an output, every trainer
    "backends/rules/through_time/test_e_prop.py",  # a rule that is one argument of the tables
    "backends/rules/through_time/test_rows.py",  # steps of the optimizer and the order of weights
    "backends/artifact/test_runs.py",  # run blocks, through a package
    "backends/artifact/test_groups.py",  # convolutions in groups, through a package
    "backends/test_delayed.py",  # the reference and the processor's engine
    "backends/test_example_networks.py",  # the same, with sources, noise and delays
    "backends/test_examples.py",  # programs, the reference, computations of their own
    "backends/test_sourced.py",  # networks with sources, every simulator
    "backends/test_counted.py",  # inputs of several spikes in a step, every simulator and form
    "backends/test_one_place.py",  # a row of every table of a training
    "benchmarks/test_instruments.py",  # what the scripts measure with
}

# Folders whose tests are those of another: kernels run only inside the backend that fills them.
THROUGH = {
    Path("backends/cpu/kernels"): Path("backends/cpu"),
    Path("backends/cuda/kernels"): Path("backends/cuda"),
    Path("backends/mapping/kernels"): Path("backends/mapping"),
    Path("backends/optimizers/cuda"): Path("backends/optimizers/cpu"),
}


def modules(*folders: str) -> list[Path]:
    """The .py files under these folders of the root, relative to it."""
    return sorted(p.relative_to(ROOT) for f in folders for p in (ROOT / f).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def absolute(path: Path) -> Iterator[str]:
    """The modules that a file imports by an absolute name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("room", ROOMS)
def test_inside_the_package_imports_are_relative(room: str) -> None:
    for path in modules(room):
        tops = {name.partition(".")[0] for name in absolute(path)}
        assert not tops & {"snncc", *ROOMS}, path


@pytest.mark.parametrize("folder", OUTSIDE)
def test_outside_the_package_imports_are_full(folder: str) -> None:
    for path in modules(folder):
        tops = {name.partition(".")[0] for name in absolute(path)}
        assert not tops & set(ROOMS), path


def test_relative_imports_stay_inside() -> None:
    """`from ....x` beyond the root would name the folder that the checkout lies in."""
    for path in modules(*ROOMS):
        depth = len(path.parts)
        levels = [n.level for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom)]
        assert max(levels, default=0) <= depth, path


def test_no_file_is_too_long() -> None:
    lengths = {p: len((ROOT / p).read_text().splitlines()) for p in modules(*ROOMS, *OUTSIDE)}
    assert {str(p): n for p, n in lengths.items() if n > LINES} == {}


def test_no_function_is_too_long() -> None:
    long = {
        f"{path}:{node.name}": length
        for path in modules(*ROOMS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        and (length := (node.end_lineno or 0) - node.body[0].lineno + 1) > BODY_LINES
    }
    assert long == {}


def test_no_module_has_an_empty_name() -> None:
    assert [p for p in modules(*ROOMS) if p.stem in BANNED or p.parent.name in BANNED] == []


def test_no_module_reads_the_environment() -> None:
    """A config is passed down; only the command line looks around."""
    for path in modules("ir", "frontend", "backends"):
        names = {n.attr for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute)}
        assert not names & {"getenv", "environ"}, path


def test_tests_mirror_the_source() -> None:
    """tests/ir/passes/test_place.py is there for ir/passes/place.py or the folder of that name."""
    strays = []
    for path in modules("tests"):
        inside = path.relative_to("tests")
        if not path.name.startswith("test_") or len(inside.parts) == 1 or str(inside) in ACROSS:
            continue
        subject = ROOT / inside.parent / inside.stem.removeprefix("test_")
        if not subject.with_suffix(".py").exists() and not subject.is_dir():
            strays.append(str(inside))
    assert strays == []


def test_every_folder_has_tests() -> None:
    """tests/ir/text/test_*.py, or tests/ir/test_text.py, for the folder ir/text."""
    folders = {path.parent for path in modules(*ROOMS) if path.name != "__init__.py"}
    tested = {f for f in folders if _tested(ROOT / "tests" / THROUGH.get(f, f))}
    assert sorted(map(str, folders - tested)) == []


def _tested(folder: Path) -> bool:
    beside = folder.parent / f"test_{folder.name}.py"
    return beside.exists() or any(folder.glob("test_*.py"))
