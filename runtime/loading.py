"""From a path to a network: programs are compiled, packages opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..backends.artifact.manifest import NAME as MANIFEST
from ..backends.artifact.model import Model, open_model
from ..backends.artifact.package import SUFFIX
from ..backends.artifact.storage import is_file, is_folder
from ..backends.memory import drawing, presenting, require_memory
from ..backends.protocols import Simulator, State
from ..backends.rules.spike_train.teacher import teacher_warnings
from ..backends.runnable import require_spiking
from ..backends.targets import TARGETS, Target
from ..frontend.program import Program, load_program
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Call, Graph, TrainSpec
from ..ir.passes.pipeline import run_pipeline
from ..ir.report import nearest
from ..ir.verify.rates import rate_warnings
from ..ir.wiring import initial_weights, wire
from .datasets.arguments import anchored
from .datasets.table import DATASETS
from .host import memory_bytes
from .settings import Settings
from .training.run_folder import MODEL, is_run

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
    taught = () if program.train is None else teacher_warnings(graph, program.train)
    return replace(program, graph=graph, warnings=(*rate_warnings(graph), *taught))


def draw_weights(graph: Graph, seed: int) -> State:
    """The initial weights of every projection; CompileError(E074) where memory is too small."""
    require_memory(graph, drawing(graph), memory_bytes())
    shapes = {name: population.shape for name, population in graph.index().items()}
    return {
        p.name: initial_weights(
            p, wire(p, shapes[p.pre], shapes[p.post], seed), seed, graph.tensors
        )
        for p in graph.projections
    }


@dataclass(frozen=True, slots=True)
class Compiled:
    """A model with what its target adds to it, the target's remarks, the program's warnings."""

    model: Model
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
        model = load_model(path, replace(options, target=row.name))
        warnings = rate_warnings(model.graph)
    else:
        program = lower_program(path, options, after)
        model, train, warnings = _model(program, path, options), program.train, program.warnings
    require_spiking(model.graph)
    if row.is_device:
        # Kernels are made from the network's tables.
        require_memory(model.graph, presenting(model.graph, 0), memory_bytes())
    emission = row.emit(model.graph, train, model.seed, arch, settings.kernel_folder)
    return Compiled(replace(model, extras=emission.members), emission.notes, warnings)


def compile_program(path: Path, options: Options, after: After | None = None) -> Model:
    """The model of a program, with its initial weights."""
    return _model(lower_program(path, options, after), path, options)


def _model(program: Program, path: Path, options: Options) -> Model:
    seed = options.seed or 0
    weights = draw_weights(program.graph, seed)
    data = None if program.train is None else data_of(program.train, path)
    return Model(program.graph, weights, seed, options.target or DEFAULT_TARGET, data)


def data_of(spec: TrainSpec, path: Path) -> Call:
    """The data of a train block, its paths seen from the program's folder."""
    if spec.data.kind not in DATASETS:
        return spec.data
    return anchored(spec.data, DATASETS[spec.data.kind].arguments, path.parent)


def is_package(path: Path) -> bool:
    """Whether the path names a package rather than a program."""
    return path.suffix == SUFFIX or (is_folder(path) and is_file(path / MANIFEST))


def load_model(path: Path, options: Options, after: After | None = None) -> Model:
    """The model that a path names: a program, a package, or a run (its best model); for the target
    of the options, if they name one."""
    model = _model_at(path, options, after)
    return model if options.target is None else replace(model, target=options.target)


def _model_at(path: Path, options: Options, after: After | None) -> Model:
    if is_run(path):
        return open_model(path / MODEL)
    if is_package(path):
        return open_model(path)
    if is_folder(path):
        message = f"`{path}` is neither a package nor the folder of a training run"
        raise CompileError(Diagnostic("E063", message, help="name a .snn file, a .snnpkg or a run"))
    return compile_program(path, options, after)


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


def make_simulator(model: Model, threads: int, settings: Settings) -> Simulator:
    """A simulator of the model on its target, with the kernels that it brings, if any."""
    row = target_row(model.target)
    workers = 0 if row.is_device else threads
    require_memory(model.graph, presenting(model.graph, workers), memory_bytes())
    folder = row.adopt(model.extras, settings.kernel_folder)
    return row.simulator(model.graph, model.weights, model.seed, threads, folder)
