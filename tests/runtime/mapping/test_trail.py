"""What is kept of a search is what comes back, and what is known is not sought again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from integer_cases import drawn_integers
from refusal import refused

from snncc.backends.layout.numbering import Numbering
from snncc.backends.layout.senders import axons
from snncc.backends.mapping.feasible import DoesNotFit
from snncc.backends.mapping.limits import CoreLimits, Excess, Mesh
from snncc.backends.mapping.load import as_python
from snncc.backends.mapping.partition import Inner, State, Step
from snncc.ir.diagnostics import CompileError
from snncc.ir.passes.pipeline import run_model_passes
from snncc.runtime.mapping.fewest import Task
from snncc.runtime.mapping.search import Search, begun
from snncc.runtime.mapping.trail import Trail, Tried, digest_of, divider, open_trail, save_trail

PART = np.array([0, 1, 1], np.int32)
OVER = (Excess("neurons", 3, 5, 4), Excess("kinds[0]", 1, 9, 2))
WORDS = np.array([1 << 40, 7])


@pytest.mark.parametrize(
    "state",
    [
        None,
        State(None, 0, 4, Inner(2, PART, WORDS)),
        State(PART, 3, 4),
        State(PART, 1, 4, Inner(1, PART[:2], WORDS)),
    ],
)
def test_it_comes_back(tmp_path: Path, state: State | None) -> None:
    trail = Trail([Tried(None, OVER), Tried(PART), Tried()], state)
    save_trail(tmp_path / "s.snnpkg", "d", trail)
    found = open_trail(tmp_path / "s.snnpkg", "d")
    assert repr(found) == repr(trail)
    with pytest.raises(CompileError, match="of another mapping"):
        open_trail(tmp_path / "s.snnpkg", "e")


@pytest.mark.parametrize(
    ("state", "part"),
    [
        (State(PART, 1, 4, Inner(-1, PART, WORDS)), PART),
        (State(PART, 1, 4, Inner(1, PART, WORDS[:1])), PART),
        (State(PART, 1, 4, Inner(1, PART - 1, WORDS)), PART),
        (State(PART, "1", 4), PART),  # type: ignore[arg-type]
        (State(PART, 1, 1e300), PART),  # type: ignore[arg-type]
        (State(PART.astype(np.int64), 1, 4), PART),
        (None, PART.reshape(3, 1)),
    ],
)
def test_what_is_no_search_is_refused(tmp_path: Path, state: State | None, part: Any) -> None:
    save_trail(tmp_path / "s.snnpkg", "d", Trail([Tried(part)], state))
    assert "lacks" in refused("E060", open_trail, tmp_path / "s.snnpkg", "d").message


@pytest.fixture
def task() -> Task:
    model = run_model_passes(drawn_integers(2))
    numbering = Numbering.of(model.graph)
    found = axons(model, np.ones(numbering.senders))
    return Task(found, CoreLimits(4, 12), Mesh(2, 2), numbering)


def test_what_was_tried_is_not_sought_again(task: Task, tmp_path: Path) -> None:
    kernels, told = as_python(tmp_path), list[Step]()
    trail = Trail()
    divide = divider(task, kernels, 0, trail, told.append)(0)
    with pytest.raises(DoesNotFit) as first:
        divide(1, None)
    assert first.value.proved
    part = divide(4, None)
    looks = len(told)
    assert looks > 0
    again = divider(task, kernels, 0, Trail(list(trail.tried)), told.append)(0)
    with pytest.raises(DoesNotFit) as second:
        again(1, None)
    assert second.value.proved == first.value.proved
    assert again(4, None) is part
    assert len(told) == looks
    assert trail.state is None


def test_a_search_is_of_all_that_decides_it(task: Task, tmp_path: Path) -> None:
    kernels = as_python(tmp_path)
    found = {
        digest_of(each, kernels, seed)
        for each in (task, Task(task.axons, CoreLimits(5, 12), task.mesh, task.numbering))
        for seed in (0, 1)
    }
    assert len(found) == 4
    assert digest_of(task, kernels, 0) in found


def test_the_file_goes_with_its_folder_if_that_is_empty(tmp_path: Path) -> None:
    search = begun(tmp_path / "m", "d", is_resumed=False)
    search.save_if_due()
    assert not search.path.exists()
    search.save()
    again = begun(tmp_path / "m", "d", is_resumed=True)
    assert again.trail == Trail()
    again.forget()
    assert (tmp_path / "m").exists()
    search.forget()
    assert not (tmp_path / "m").exists()
    Search(search.path, "d", Trail(), saved=-100.0).save_if_due()
    (tmp_path / "m" / "other").touch()
    search.forget()
    assert [f.name for f in (tmp_path / "m").iterdir()] == ["other"]
    assert "no folder" in refused("E063", begun, tmp_path / "m" / "other", "d", False).message


def test_a_folder_that_nothing_can_be_written_to_is_refused_before_the_search(tmp_path) -> None:
    """Its mapping would be lost at the end."""
    (tmp_path / "file").write_text("")
    said = refused("E063", begun, tmp_path / "file" / "m", "d", False)
    assert "cannot write" in said.message
    assert "a file lies where a folder is to be" in str(said.help)
    search = begun(tmp_path / "a" / "m", "d", False)
    assert (tmp_path / "a" / "m").is_dir()
    search.forget()
    assert not (tmp_path / "a" / "m").exists()


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("snncc.runtime.mapping.search.os.access", lambda *_: False)
    assert "Permission denied" in refused("E063", begun, tmp_path, "d", False).message
