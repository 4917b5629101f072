"""The second process that compiles: what it makes is in the cache, and what it lacks is no loss."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from snncc.backends.compiled.text.cache import STAMP
from snncc.backends.compiled.text.closures import CLOSURES, closures
from snncc.backends.compiled.text.modules import digest, execute, load_module
from snncc.backends.cpu import helper, units

TEXT = """\
from snncc.backends.cpu.units import compile_units, unit

@unit
def inner(p) -> int:
    return p + 1

@unit
def outer(p, w) -> int:
    return inner(p) + w

compile_units(__name__)
"""

BETWEEN = """\
from snncc.backends.cpu.units import WAITING, compile_units, unit

@unit
def waits(p) -> int:
    return p + 1

load_other()
assert [f.__name__ for f, _, _ in WAITING[__name__]] == ["waits"]
compile_units(__name__)
assert not WAITING
"""


def module_in(folder: Path, name: str, text: str = TEXT) -> ModuleType:
    path = folder / f"{name}.py"
    path.write_text(text)
    module = ModuleType(name)
    module.__file__ = str(path)
    setattr(module, STAMP, digest(text))
    return module


def kept(folder: Path) -> list[str]:
    """The functions in the cache, in the order in which they came there."""
    files = (folder / "__pycache__").glob("*.nbc")
    return [f.name.partition("-")[0].partition(".")[2] for f in sorted(files, key=_made)]


def _made(file: Path) -> int:
    return file.stat().st_mtime_ns


@pytest.fixture
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "getloadavg", lambda: (0.9, 2.0, 2.0))


@pytest.mark.usefixtures("_two_processors")
def test_it_compiles_from_the_last_unit_on(tmp_path: Path) -> None:
    made = helper.start(module_in(tmp_path, "helped_units"))
    assert made is not None
    assert made.wait() == 0
    assert kept(tmp_path) == ["outer", "inner"]


@pytest.mark.usefixtures("_two_processors")
def test_it_runs_no_text_but_its_parents(tmp_path: Path) -> None:
    module = module_in(tmp_path, "forged_units")
    (tmp_path / "forged_units.py").write_text(TEXT.replace("p + 1", "p + 2"))
    made = helper.start(module)
    assert made is not None
    assert made.wait() == 0
    assert kept(tmp_path) == []


@pytest.mark.usefixtures("_two_processors")
@pytest.mark.parametrize("python", ["/bin/false", "/bin/there-is-none"])
def test_a_module_is_compiled_whatever_becomes_of_the_helper(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "COMPILED", 0.0)
    monkeypatch.setattr(sys, "executable", python)
    load_module(f"unhelped{len(python)}", TEXT, tmp_path)
    assert sorted(kept(tmp_path)) == ["inner", "outer"]


@pytest.mark.parametrize(("processors", "load"), [(1, 0.6), (2, 1.6)])
def test_no_helper_without_a_processor_for_it(
    processors: int, load: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(processors)))
    monkeypatch.setattr(os, "getloadavg", lambda: (load, load, load))
    assert helper.start(module_in(tmp_path, "lonely_units")) is None


def test_modules_share_a_unit_that_is_the_same(tmp_path: Path) -> None:
    for k, text in enumerate((TEXT, TEXT.replace("+ w", "- w"))):
        load_module(f"sharing{k}", f"{CLOSURES} = {closures(text)!r}\n{text}", tmp_path)
    assert sorted(name.partition("_")[0] for name in kept(tmp_path)) == ["inner", "outer", "outer"]


def test_a_module_compiles_none_of_anothers_units(tmp_path: Path) -> None:
    """A thread may load one while another thread is in the middle of one."""
    module = module_in(tmp_path, "interrupted_units", BETWEEN)
    vars(module)["load_other"] = lambda: load_module("other_units", TEXT, tmp_path)
    sys.modules[module.__name__] = module
    try:
        execute(BETWEEN, tmp_path / "interrupted_units.py", vars(module))
        assert not units.WAITING
    finally:
        del sys.modules[module.__name__], sys.modules["other_units"]
