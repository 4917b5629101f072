"""From a path to a network: programs are compiled, packages opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from ..backends.artifact.manifest import NAME as MANIFEST
from ..backends.artifact.model import Package, open_model
from ..backends.artifact.package import SUFFIX
from ..backends.artifact.storage import is_file, is_folder
from ..backends.memory import drawing, presenting, require_memory
from ..backends.protocols import Emission, Simulator
from ..backends.rules.table import RULES
from ..backends.runnable import require_clocked
from ..backends.targets import TARGETS, Target
from ..frontend.program import Program, load_program
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import SUMS, Call, Graph, TrainSpec
from ..ir.model import Model, draw_model
from ..ir.passes.pipeline import run_pipeline
from ..ir.passes.settle import require_steps
from ..ir.report import nearest
from ..ir.running import settled
from ..ir.verify.warnings import graph_warnings
from .datasets.arguments import anchored
from .datasets.table import DATASETS
from .host import memory_bytes
from .settings import Settings, usable_threads
from .training.run_folder import MODEL, are_seeds, is_run

T = TypeVar("T")
After = Callable[[str, Graph], None]
DEFAULT_TARGET = "cpu"


@dataclass(frozen=True, slots=True)
class Options:
    """What the user may say of a program beside its text. `seed` None: 0, or what a package was
    made with; `target` None: cpu, or what it was made for."""

    defines: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    seed: int | None = None
    target: str | None = None


def lower_program(path: Path, options: Options, after: After | None = None) -> Program:
    """The program of a file, after all passes; `after` sees the graph between them."""
    program = load_program(path, options.defines, options.network)
    return finished(program, run_pipeline(program.graph, after))


def finished(program: Program, graph: Graph) -> Program:
    """The program with its graph after all passes, and what to warn of."""
    warnings = graph_warnings(graph)
    if program.train is not None:
        rule = RULES[program.train.call("rule").kind]
        warnings = (*warnings, *rule.warnings(graph, program.train))
    run = None if program.run is None else settled(graph, program.run)
    return replace(program, graph=graph, warnings=warnings, run=run)


def draw(graph: Graph, seed: int) -> Model:
    """The graph wired, with its initial weights and the values of its neurons; CompileError(E074)
    where memory is too small, E022, E045 and E046 for values that no step can have."""
    require_memory(graph, drawing(graph), memory_bytes())
    model = draw_model(graph, seed, threads=usable_threads())
    require_steps(model)
    return model


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model with what its target adds to it, the target's remarks, the program's warnings."""

    package: Package
    notes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def compile_package(
    path: Path,
    options: Options,
    arch: str | None,
    settings: Settings,
    after: After | None = None,
) -> Compiled:
    """The model that a path names, as a package holds it: of a program with initial weights, of a
    package or a run with its own. `arch` is a target's architecture, or None for the one at hand.
    """
    row = named_target(options.target or DEFAULT_TARGET)
    train = None
    if is_run(path) or is_package(path):
        package = load_package(path, replace(options, target=row.name))
        warnings = graph_warnings(package.model.graph)
    else:
        program = lower_program(path, options, after)
        package, train, warnings = _package(program, path, options), program.train, program.warnings
    model = package.model
    require_clocked(model.graph, tuple(SUMS), fires_often=True)
    if row.is_device:
        # Kernels are made from the network's tables.
        require_memory(model.graph, presenting(model.graph, 0), memory_bytes())
    folder = settings.kernel_folder
    emission = Emission() if row.export is None else row.export(model, train, arch, folder)
    return Compiled(replace(package, extras=emission.members), emission.notes, warnings)


def _package(program: Program, path: Path, options: Options) -> Package:
    data = None if program.train is None else data_of(program.train, path)
    model = draw(program.graph, options.seed or 0)
    return Package(
        model, options.target or DEFAULT_TARGET, data, deploy=program.deploy, run=program.run
    )


def data_of(spec: TrainSpec, path: Path) -> Call:
    """The data of a train block, its paths seen from the program's folder."""
    if spec.call("data").kind not in DATASETS:
        return spec.call("data")
    return anchored(spec.call("data"), DATASETS[spec.call("data").kind].arguments, path.parent)


def is_package(path: Path) -> bool:
    """Whether the path names a package rather than a program."""
    return path.suffix == SUFFIX or (is_folder(path) and is_file(path / MANIFEST))


def require_unchanged(path: Path, options: Options) -> None:
    """CompileError(E063) where a package or a run is given what only a program takes."""
    said = options.defines or options.network or options.seed is not None
    if said and (is_run(path) or is_package(path)):
        message = f"`{path}` is compiled already: -D, --network and --seed cannot change it"
        raise CompileError(Diagnostic("E063", message, help="compile its program anew"))


def load_package(path: Path, options: Options, after: After | None = None) -> Package:
    """The model that a path names: a program, a package, or a run (its best model); for the target
    of the options, if they name one."""
    package = _package_at(path, options, after)
    return package if options.target is None else replace(package, target=options.target)


def _package_at(path: Path, options: Options, after: After | None) -> Package:
    if is_run(path):
        if not is_file(path / MODEL):
            message = f"`{path}` has no model yet: no epoch of it has ended"
            way_out = "wait for the end of its first epoch"
            raise CompileError(Diagnostic("E063", message, help=way_out))
        return open_model(path / MODEL)
    if is_package(path):
        return open_model(path)
    if is_folder(path):
        message = f"`{path}` is neither a package nor the folder of a training run"
        way_out = "name a .snn file, a .snnpkg or a run"
        if are_seeds(path):
            way_out = "name the run by one of its seeds, a folder in it"
        raise CompileError(Diagnostic("E063", message, help=way_out))
    return _package(lower_program(path, options, after), path, options)


def named_target(name: str) -> Target:
    """The target of that name, also where it cannot run; CompileError(E070) if there is none."""
    if name not in TARGETS:
        way_out = nearest(name, TARGETS) or f"known are {', '.join(TARGETS)}"
        raise CompileError(Diagnostic("E070", f"there is no target `{name}`", help=way_out))
    return TARGETS[name]


def target_row(name: str) -> Target:
    """The target of that name, when it can work here; CompileError(E070) if not."""
    row = named_target(name)
    reason = row.available()
    if reason is not None:
        message = f"target `{name}` is not available here"
        raise CompileError(Diagnostic("E070", message, help=reason))
    return row


def able(made: T | None, row: Target, capability: str) -> T:
    """What a target's row has for a capability; CompileError(E071) where that is nothing."""
    if made is not None:
        return made
    others = ", ".join(n for n, other in TARGETS.items() if getattr(other, capability) is not None)
    message = f"the target `{row.name}` cannot {CANNOT.get(capability, capability)}"
    raise CompileError(Diagnostic("E071", message, help=f"targets that can: {others}"))


# What a target without a capability cannot do, where its name does not say it.
CANNOT = {"aware": "train by what the integers of a network do"}


def make_simulator(package: Package, threads: int, settings: Settings) -> Simulator:
    """A simulator of the model on its target, with the kernels that it brings, if any."""
    row, graph = target_row(package.target), package.model.graph
    simulate = able(row.simulate, row, "simulate")
    workers = 0 if row.is_device else threads
    require_memory(graph, presenting(graph, workers), memory_bytes())
    folder = settings.kernel_folder
    if row.adopt is not None:
        folder = row.adopt(package.extras, folder)
    return simulate(package.model, threads, folder)
