"""The targets that `--target` names: one row each.

The engines are loaded where they are first made: with Numba that takes longer than to compile a
network, which needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..ir.graph import TrainSpec
from ..ir.integers.grid import Typed
from ..ir.integers.scales import Scales
from ..ir.model import Model
from .cuda import launch
from .cuda.found import available as gpu_available
from .cuda.resources import LIMITS
from .protocols import Emission, Simulator, Trainer
from .reference.simulator import double, single


@dataclass(frozen=True, slots=True)
class Target:
    """A backend. `available` is None where it runs on this machine, else says why not and what to
    type. What it can do is the fields that it has; it may have one of them alone:

    `simulate` (model after the pipeline, threads or None, kernel folder) makes a simulator, `train`
    (model, train block, threads or None, kernel folder) a trainer, `aware` (model, its integers,
    train block, threads or None, kernel folder, units that learn) one that runs the integers.
    `export` (model, train block or None, architecture or None, kernel folder) gives what the target
    adds to a package;
    `adopt` takes such members and a kernel folder and gives the kernel folder for their model;
    `report` is what they say of themselves; `archs` are the architectures that `export` knows.
    `is_device`: samples are presented in a memory of its own.
    """

    name: str
    summary: str
    available: Callable[[], str | None] = lambda: None
    simulate: Callable[[Model, int | None, Path], Simulator] | None = None
    train: Callable[[Model, TrainSpec, int | None, Path], Trainer] | None = None
    aware: Callable[[Model, Model, TrainSpec, int | None, Path, Scales, Typed], Trainer] | None = (
        None
    )
    export: Callable[[Model, TrainSpec | None, str | None, Path], Emission] | None = None
    adopt: Callable[[Mapping[str, bytes], Path], Path] | None = None
    report: Callable[[Mapping[str, bytes]], dict[str, Any] | None] | None = None
    archs: tuple[str, ...] = ()
    is_device: bool = False


def _cpu_simulator(model: Model, threads: int | None, folder: Path) -> Simulator:
    from .cpu.simulator import CpuSimulator

    return CpuSimulator(model, threads, folder)


def _cpu_trainer(model: Model, spec: TrainSpec, threads: int | None, folder: Path) -> Trainer:
    from .trainers.cpu import CpuTrainer

    return CpuTrainer(model, spec, threads, folder)


def _cpu_aware(
    model: Model,
    integers: Model,
    spec: TrainSpec,
    threads: int | None,
    folder: Path,
    scales: Scales,
    types: Typed,
) -> Trainer:
    from .trainers.aware import AwareTrainer

    return AwareTrainer(model, integers, spec, threads, folder, scales, types)


def _cuda_simulator(model: Model, threads: int | None, folder: Path) -> Simulator:
    from .cuda.simulator import CudaSimulator

    return CudaSimulator(model, threads, folder)


def _cuda_trainer(model: Model, spec: TrainSpec, threads: int | None, folder: Path) -> Trainer:
    from .trainers.cuda import CudaTrainer

    return CudaTrainer(model, spec, threads, folder)


def _cuda_emission(
    model: Model, spec: TrainSpec | None, arch: str | None, folder: Path
) -> Emission:
    from .trainers.cuda_kernels import emit

    return emit(model, spec, arch, folder)


CAPABILITIES = ("simulate", "train", "export")  # the fields that say what a target can do

TARGETS: dict[str, Target] = {
    "cpu": Target(
        "cpu",
        "event-driven simulation and training by Numba, on all cores",
        simulate=_cpu_simulator,
        train=_cpu_trainer,
        aware=_cpu_aware,
    ),
    "gpu": Target(
        "gpu",
        "the same on an NVIDIA GPU by Numba-CUDA; compiles to PTX without one",
        gpu_available,
        _cuda_simulator,
        _cuda_trainer,
        export=_cuda_emission,
        adopt=launch.adopt,
        report=launch.report,
        archs=tuple(LIMITS),
        is_device=True,
    ),
    "reference": Target(
        "reference", "the oracle: NumPy, float64, step by step, slowly", simulate=double
    ),
    "reference32": Target(
        "reference32", "the oracle in float32, the type of the engines", simulate=single
    ),
}
