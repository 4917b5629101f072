"""What a program's paths are relative to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grid import GridDevice
from refusal import refused

from snncc.backends.artifact.model import Package, save_model
from snncc.backends.cpu import simulator
from snncc.backends.protocols import Trainer
from snncc.backends.targets import TARGETS
from snncc.backends.trainers.cuda import CudaTrainer
from snncc.ir.graph import Call, Graph, TrainSpec
from snncc.ir.model import Model
from snncc.ir.wiring import CONNECTIVITIES
from snncc.runtime import loading as driver
from snncc.runtime import session
from snncc.runtime.checker import check_program
from snncc.runtime.inputs import choose_data, load_presentation
from snncc.runtime.loading import Options, compile_package, load_package, make_simulator
from snncc.runtime.settings import settings_from
from snncc.runtime.summary import summarize
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


def asked(package: Package) -> tuple[Graph, Call]:
    """A graph and the data that it was written for."""
    return package.model.graph, choose_data(package, None)


@pytest.mark.parametrize("split", ["train", "test"])
def test_data_lie_where_the_program_lies(program: Path, split: str) -> None:
    package = load_package(program, Options())
    data = load_presentation(*asked(package), split, None, settings_from({}))
    assert data.values[0].tolist() == [1.0, 1.0]


def test_data_named_on_the_command_line_lie_where_the_user_is(program: Path) -> None:
    package = load_package(program, Options())
    chosen = choose_data(package, "tables/t.csv")
    data = load_presentation(package.model.graph, chosen, "train", None, settings_from({}))
    assert not data.values.any()


def test_a_compiled_model_finds_them_from_everywhere(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = load_package(program, Options())
    monkeypatch.chdir("/")
    data = load_presentation(*asked(package), "test", None, settings_from({}))
    assert data.values[0].tolist() == [1.0, 1.0]


def test_what_does_not_fit_the_memory_is_never_made(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn, presented or trained."""
    package, settings = load_package(program, Options()), settings_from({})
    monkeypatch.setattr(driver, "memory_bytes", lambda: 10)
    assert [d.code for d in check_program(program, Options()) if d.severity == "error"] == ["E074"]
    monkeypatch.setattr(session, "memory_bytes", lambda: 100)
    refused("E074", session.start, TrainOptions(str(program)), tmp_path / "run", settings, 1)
    monkeypatch.setattr(driver, "memory_bytes", lambda: 5)
    refused("E074", load_package, program, Options())
    refused("E074", make_simulator, package, 1, settings)
    save_model(tmp_path / "small.snnpkg", package)
    refused(
        "E074", compile_package, tmp_path / "small.snnpkg", Options(target="gpu"), "sm_80", settings
    )


@pytest.fixture
def wired(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The projections that are wired, each time that one is."""
    made: list[str] = []

    def counting(wire: Any) -> Any:
        return lambda projection, *more: (made.append(projection.name), wire(projection, *more))[1]

    for kind, row in CONNECTIVITIES.items():
        monkeypatch.setitem(CONNECTIVITIES, kind, replace(row, wire=counting(row.wire)))
    return made


TWICE = PROGRAM.replace("x -> y : dense", "x -> y : dense\n  y -> y : sparse(p = 0.5) delay 1 ms")


def test_compile_wires_once(program: Path, tmp_path: Path, wired: list[str]) -> None:
    """Told and kept, of a program, and of its package nothing at all."""
    program.write_text(TWICE)
    compiled = compile_package(program, Options(), None, settings_from({}))
    save_model(tmp_path / "net.snnpkg", compiled.package)
    summarize(compiled.package.model)
    assert wired == ["x->y", "y->y"]
    summarize(load_package(tmp_path / "net.snnpkg", Options()).model)
    assert len(wired) == 2


def trainer_on_a_grid(model: Model, spec: TrainSpec, threads: int | None, folder: Path) -> Trainer:
    return CudaTrainer(model, spec, threads, folder, GridDevice(1, 0))


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_training_wires_once(
    program: Path, tmp_path: Path, wired: list[str], target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write_text(TWICE)
    monkeypatch.setattr(simulator, "load_kernels", lambda *_, **__: None)
    row = replace(TARGETS["gpu"], available=lambda: None, train=trainer_on_a_grid)
    monkeypatch.setitem(TARGETS, "gpu", row)
    session.start(TrainOptions(str(program), target=target), tmp_path / "run", settings_from({}), 1)
    assert wired == ["x->y", "y->y"]
