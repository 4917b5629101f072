"""What a program's paths are relative to."""

from __future__ import annotations

from pathlib import Path

import pytest

from snncc.backends.artifact.model import save_model
from snncc.ir.diagnostics import CompileError
from snncc.runtime import checker, session
from snncc.runtime import loading as driver
from snncc.runtime.checker import check_program
from snncc.runtime.inputs import choose_data, load_presentation
from snncc.runtime.loading import Options, compile_package, compile_program, make_simulator
from snncc.runtime.settings import settings_from
from snncc.runtime.training.options import TrainOptions

PROGRAM = """
network small {
  input  x[2]  encode bernoulli(duration = 5 ms)
  output y[2]  : lif
  x -> y : dense
}
train small {
  data csv(path = "tables/t.csv", test = "tables/more.csv")
  rule st_rsbp
}
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program with its data in its own folder, and other data of that name in the current one."""
    for place, value in (("nets", 1), ("elsewhere", 0)):
        folder = tmp_path / place / "tables"
        folder.mkdir(parents=True)
        (folder / "t.csv").write_text(f"{value},{value},1\n0,0,0\n")
        (folder / "more.csv").write_text(f"{value},{value},1\n")
    (tmp_path / "nets" / "small.snn").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path / "elsewhere")
    return Path("../nets/small.snn")


@pytest.mark.parametrize("split", ["train", "test"])
def test_data_lie_where_the_program_lies(program: Path, split: str) -> None:
    model = compile_program(program, Options())
    data = load_presentation(model.graph, choose_data(model, None), split, None, settings_from({}))
    assert data.values[0].tolist() == [1.0, 1.0]


def test_data_named_on_the_command_line_lie_where_the_user_is(program: Path) -> None:
    model = compile_program(program, Options())
    chosen = choose_data(model, "tables/t.csv")
    data = load_presentation(model.graph, chosen, "train", None, settings_from({}))
    assert not data.values.any()


def test_a_compiled_model_finds_them_from_everywhere(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = compile_program(program, Options())
    monkeypatch.chdir("/")
    data = load_presentation(model.graph, choose_data(model, None), "test", None, settings_from({}))
    assert data.values[0].tolist() == [1.0, 1.0]


def test_what_does_not_fit_the_memory_is_never_made(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn, presented or trained."""
    model, settings = compile_program(program, Options()), settings_from({})
    monkeypatch.setattr(checker, "memory_bytes", lambda: 10)
    assert [d.code for d in check_program(program, Options()) if d.severity == "error"] == ["E074"]
    monkeypatch.setattr(session, "memory_bytes", lambda: 100)
    with pytest.raises(CompileError, match="E074"):
        session.start(TrainOptions(str(program)), tmp_path / "run", settings, 1)
    monkeypatch.setattr(driver, "memory_bytes", lambda: 20)
    with pytest.raises(CompileError, match="E074"):
        compile_program(program, Options())
    with pytest.raises(CompileError, match="E074"):
        make_simulator(model, 1, settings)
    save_model(tmp_path / "small.snnpkg", model)
    with pytest.raises(CompileError, match="E074"):
        compile_package(tmp_path / "small.snnpkg", Options(target="gpu"), "sm_80", settings)
