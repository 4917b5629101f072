"""Compiled networks beside the reference, on weights that add up exactly; the device of CUDA
kernels: a grid in Python, Numba's simulator (`-m cudasim`) or a card (`-m gpu`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import pytest
from backend_cases import (
    SEED,
    Comparison,
    compare_with_reference,
    grid_model,
)
from devices import DEVICES
from grid import GridDevice
from kernel_flags import load_for_all

# Before a text that imports them is run as plain Python: else they stay that in this process.
import snncc.backends.cpu.elementary
import snncc.backends.cpu.units  # noqa: F401
from snncc.backends.compiled.text.modules import execute
from snncc.backends.cpu import simulator as simulator_module
from snncc.backends.cpu.codegen import CLOCKED, graph_source, kernel_source
from snncc.backends.cpu.load import Kernels
from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.cuda.device import Device, open_device
from snncc.backends.optimizers.cpu.chain import CpuChain, chain_source, numbers_of
from snncc.backends.optimizers.table import Chain
from snncc.backends.protocols import Samples
from snncc.backends.rules.spike_train.sources import CPU
from snncc.backends.rules.through_time.sources import CPU as THROUGH_TIME_CPU
from snncc.backends.trainers import cpu as trainer_module
from snncc.backends.trainers import cuda as cuda_trainer_module
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.frontend.program import Program
from snncc.ir.graph import Semantics
from snncc.ir.model import Model
from snncc.runtime.settings import settings_from

SLOW = pytest.mark.slow


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is marked `compiled_at_night` runs as Python with every change, compiled nightly."""
    for item in items:
        chosen = getattr(item, "callspec", None)
        is_compiled = chosen is not None and chosen.params.get("kernels") == "compiled"
        if is_compiled and item.get_closest_marker("compiled_at_night"):
            item.add_marker(pytest.mark.nightly)


def interpret(name: str, text: str, folder: Path) -> ModuleType:
    """A generated module whose functions stay Python: nothing to compile."""
    module = ModuleType(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        patch.setattr(numba, "cfunc", lambda *_, **__: lambda function: function)
        execute(text, folder / f"{name}.py", vars(module))
    return module


@pytest.fixture
def interpreted(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Makes a plain Python module of generated text."""
    return lambda text: interpret("interpreted", text, tmp_path)


def plain_text(features: Mapping[str, bool], rule: Any = CPU) -> str:
    """The kernels' text for Python: it has no addresses, and added to a Python integer a uint8
    stays one and overflows; compiled, it becomes an int64."""
    text = kernel_source(features, rule).replace("events += row[a]", "events += int(row[a])")
    for pointer in (
        *("advance_at(advance)", "update_at(optimizer.update_row)"),
        *("replay_at(through.replay)", "retreat_at(through.retreat)"),
    ):
        text = text.replace(pointer, pointer.partition("(")[2][:-1])
    return text


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The assembled kernels, all of them, as plain Python."""
    return interpret("plain_kernels", plain_text({}), tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="session")
def plain_through(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Those of learning through time."""
    text = plain_text({}, THROUGH_TIME_CPU)
    return interpret("plain_through", text, tmp_path_factory.mktemp("plain"))


def plain_chain(chain: Chain, folder: Path) -> CpuChain:
    """A chain as plain Python."""
    module = interpret("plain_chain", chain_source(chain), folder)
    factor = getattr(module, "factor", None)
    return CpuChain(numbers_of(chain), module.update_row, module.alone, factor)


@pytest.fixture
def plain_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a GPU's host updates, the parameters of neurons, as plain Python."""
    monkeypatch.setattr(cuda_trainer_module, "load_chain", plain_chain)


@pytest.fixture(scope="session", params=["interpreted", pytest.param("compiled", marks=SLOW)])
def kernels(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The kernel folder, twice: with all kernels run as Python, quick for a small network, and
    compiled, in the user's own folder, since that takes a minute once per machine."""
    if request.param == "compiled":
        with pytest.MonkeyPatch.context() as patch:
            for module in (simulator_module, trainer_module):
                patch.setattr(module, "load_kernels", load_for_all)
            yield settings_from(os.environ).kernel_folder
        return
    folder = tmp_path_factory.mktemp("interpreted")

    modules: dict[str, ModuleType] = {}

    def interpreted_kernels(
        steps: Any,
        _: Any,
        features: Mapping[str, bool],
        rule: Any = (),
        means: Semantics = CLOCKED,
        synapses: Any = (),
    ) -> Kernels:
        text = plain_text(features, rule)
        if text not in modules:
            modules[text] = interpret("plain_kernels", text, folder)
        own = interpret("plain_steps", graph_source(steps, means, synapses), folder)
        return Kernels(modules[text], own.advance)

    def with_scans(tables: Any, text: str, _folder: Path) -> Any:
        module = interpret("plain_scans", text, folder)
        return tables._replace(replay=module.replay, retreat=module.retreat)

    with pytest.MonkeyPatch.context() as patch:
        for module in (simulator_module, trainer_module):
            patch.setattr(module, "load_kernels", interpreted_kernels)
        patch.setattr(trainer_module, "load_chain", plain_chain)
        patch.setattr(trainer_module, "with_scans", with_scans)
        yield folder


@pytest.fixture(scope="session")
def compare(kernels: Path) -> Callable[..., Comparison]:
    """compare(model, samples): the three rasters."""

    def run(model: Model, samples: Samples) -> Comparison:
        return compare_with_reference(CpuSimulator(model, 1, kernels), model, samples)

    return run


@pytest.fixture(scope="session")
def trainer(kernels: Path) -> Callable[..., CpuTrainer]:
    """trainer(program, threads, seed): a trainer on grid weights."""

    def make(program: Program, threads: int = 1, seed: int = SEED) -> CpuTrainer:
        assert program.train is not None
        return CpuTrainer(grid_model(program.graph, seed), program.train, threads, kernels)

    return make


@pytest.fixture(scope="session", params=DEVICES)
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Blocks in Python that take turns, a block in Numba's simulator, or a card, whose kernels are
    kept in the user's own folder: compiled once a machine, for all workers."""
    if request.param == "grid":
        return GridDevice(3, seed=1)
    is_card = request.param == "card"
    own = settings_from(os.environ).kernel_folder
    made = open_device(own if is_card else tmp_path_factory.mktemp("kernels"))
    assert is_card == (made.arch != "simulator"), "-m cudasim needs NUMBA_ENABLE_CUDASIM=1"
    return made
