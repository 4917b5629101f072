"""Machine code of generated modules is kept by their whole text."""

from __future__ import annotations

import sys
from pathlib import Path

import numba
import pytest

from snncc.backends.compiled import formulas
from snncc.backends.compiled.text.cache import WholeText
from snncc.backends.compiled.text.modules import digest, load_module
from snncc.backends.compiled.text.sources import joined

FORMULAS = joined([("compiled", ("formulas.py",))], "njit(cache=True)")
TEXT = (
    "from numba import njit\n"
    + FORMULAS
    + "\n\n@njit(cache=True)\ndef start(x):\n    return NUMBER + is_drawn(x)\n"
)


@pytest.fixture
def load(tmp_path):
    """load(number): a module whose `start` adds that number to what another file's formula says."""
    made = []

    def module(number):
        text = TEXT + f"\n\nNUMBER = {number}\n"
        made.append(f"snncc_test_{digest(text)}")
        sys.modules.pop(made[-1], None)
        return load_module(made[-1], text, tmp_path)

    yield module
    for name in set(made):
        del sys.modules[name]


def test_it_lies_beside_the_text_and_is_found_again(load, tmp_path):
    module = load(1)
    assert module.is_drawn.py_func.__code__.co_filename == formulas.__file__
    assert module.start(0) == 2
    (start,) = (tmp_path / "__pycache__").glob("*.start-*.nbc")
    assert f"-{module.__name__}-" in start.name
    assert not list(Path(formulas.__file__).parent.rglob("*.nbc"))
    again = load(1)
    assert again is not module
    assert again.start(0) == 2
    assert sum(again.start.stats.cache_hits.values()) == 1


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[: len(whole) // 2]])
def test_damaged_code_is_made_anew(load, tmp_path, damage):
    """Of Numba's own files an empty one ends the process."""
    load(1).start(0)
    for path in (tmp_path / "__pycache__").iterdir():
        path.write_bytes(damage(path.read_bytes()))
    for hits in (0, 1):
        module = load(1)
        assert module.start(0) == 2
        assert sum(module.start.stats.cache_hits.values()) == hits


def test_code_that_cannot_be_kept_is_used(load, tmp_path):
    (tmp_path / "__pycache__").touch()
    assert load(1).start(0) == 2


def test_another_text_has_its_own(load):
    """Though the function's own lines, and its file, are the same."""
    assert load(1).start(0) == 2
    module = load(5)
    assert module.start(0) == 6
    assert not module.start.stats.cache_hits


def test_a_function_that_is_decorated_late_is_kept_there_too(load, tmp_path):
    module = load(1)
    late = numba.njit(cache=True)(module.is_drawn.py_func)
    assert late.stats.cache_path == str(tmp_path / "__pycache__")


def test_a_users_own_locators_come_after(load, tmp_path, monkeypatch):
    if not hasattr(numba.config, "CACHE_LOCATOR_CLASSES"):
        pytest.skip("this Numba has none")
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "InTreeCacheLocator")
    assert load(1).start.stats.cache_path == str(tmp_path / "__pycache__")


def test_other_functions_are_left_to_numba():
    assert WholeText.from_function(test_other_functions_are_left_to_numba, __file__) is None
