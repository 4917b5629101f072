"""export: a model written out for other runtimes and for hardware."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...backends.artifact.model import Package, graph_digest
from ...backends.artifact.storage import write_file
from ...backends.exports.table import EXPORTS, Details, Export
from ...backends.trace import Trace
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.report import nearest
from ..inputs import load_inputs
from ..loading import load_package, make_simulator
from ..samples import Presentation
from .command import Command
from .compiling import options_for
from .environment import settings
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed
from .output import Output
from .running import Split, SplitOption, presented

NAMED = 8  # files
GCC = ("gcc", "-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror")


def export(
    model: ModelArgument,
    form: Annotated[str, typer.Option("--target", help=f"what to write: {', '.join(EXPORTS)}")],
    out: Annotated[Path, typer.Option("--out", help="a folder, made if need be")],
    vectors: Annotated[
        int, typer.Option("--vectors", min=0, help="samples of a test that comes with it; 0: none")
    ] = 4,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", help="an .npy file of these, in place of data")
    ] = None,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    build: Annotated[
        bool, typer.Option("--build", help="compile it with gcc and run the test")
    ] = False,
    neuron: Annotated[
        str | None,
        typer.Option("--neuron", metavar="POPULATION:N", help="of vectors; default: a busy one"),
    ] = None,
    all_outputs: Annotated[
        bool,
        typer.Option("--all-outputs", help="of ONNX: every spike and state, for `snncc diff`"),
    ] = False,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a model out: as C, as ONNX, or as golden vectors for hardware, with a bench."""
    output = Output(json, quiet)
    row = _row(form, build, vectors)
    loaded = load_package(model, options_for(model, define, network, seed))
    details = Details(_neuron(neuron, loaded), all_outputs)
    for name in sorted(details.given - row.details):
        option = f"--{name.replace('_', '-')}"
        raise typer.BadParameter(f"it says nothing of `{form}`", param_hint=option)
    samples = None
    if vectors and inputs is not None:
        samples = load_inputs(loaded.model.graph, inputs, vectors)
    elif vectors:
        samples = presented(loaded, data, split, vectors, output)
    trace = None if samples is None else _golden(loaded, samples)
    made = row.write(loaded.model, graph_digest(loaded.model.graph), trace, details)
    for name, content in made.files.items():
        write_file(out / name, content)
    said = _built(out) if build else ""
    output.document({"folder": str(out), "files": sorted(made.files), **made.facts, "test": said})
    facts = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in made.facts.items())
    names = ", ".join(made.files) if len(made.files) <= NAMED else f"{len(made.files)} files"
    output.result(f"{out}: {names}; {facts}", *filter(None, [said]))


def _row(form: str, build: bool, vectors: int) -> Export:
    """What writes the form; wrong usage where there is none, or options that it cannot have."""
    if form not in EXPORTS:
        known = nearest(form, EXPORTS) or f"choose from {', '.join(EXPORTS)}"
        raise typer.BadParameter(f"there is no `{form}`: {known}", param_hint="--target")
    row = EXPORTS[form]
    if build and not row.is_built:
        raise typer.BadParameter(f"gcc compiles no `{form}`", param_hint="--build")
    if build and not vectors:
        raise typer.BadParameter("it runs the test of --vectors", param_hint="--build")
    if row.needs_trace and not vectors:
        raise typer.BadParameter(f"`{form}` are made of samples", param_hint="--vectors")
    return row


def _neuron(text: str | None, package: Package) -> tuple[str, int] | None:
    """`POPULATION:N` as a neuron; wrong usage if the network has none such."""
    if text is None:
        return None
    name, sign, number = text.rpartition(":")
    sizes = {p.name: p.neurons for p in package.model.graph.populations if p.role != "input"}
    if not sign or not number.isdecimal():
        raise typer.BadParameter(f"`{text}` is not POPULATION:N", param_hint="--neuron")
    if name not in sizes:
        known = nearest(name, sizes) or f"known are {', '.join(sizes)}"
        raise typer.BadParameter(f"no population `{name}`; {known}", param_hint="--neuron")
    if int(number) >= sizes[name]:
        last = f"the last neuron of `{name}` is {sizes[name] - 1}"
        raise typer.BadParameter(last, param_hint="--neuron")
    return name, int(number)


def _golden(package: Package, samples: Presentation) -> Trace:
    """What the reference does with the samples, states included."""
    simulator = make_simulator(replace(package, target="reference", extras={}), 1, settings())
    return simulator.trace(samples.pick(np.arange(len(samples))), True)


def _built(folder: Path) -> str:
    """What the test program says; CompileError(E070) without gcc, E073 where it fails."""
    if shutil.which(GCC[0]) is None:
        message = "gcc is not installed, so that nothing can be compiled here"
        way_out = "apt install gcc, or leave --build away: the files are written"
        raise CompileError(Diagnostic("E070", message, help=way_out))
    files = [str(folder / name) for name in ("net.c", "test_net.c")]
    program = str(folder / "test_net")
    for command in ([*GCC, *files, "-o", program], [str(Path(program).absolute())]):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            message = (ran.stderr or ran.stdout).strip()[-600:]
            raise CompileError(Diagnostic("E073", f"`{command[0]}` failed: {message}"))
    return ran.stdout.strip()


COMMANDS = (
    Command("export", export, "snncc export q8.snnpkg --target c --out c --vectors 8 --build"),
)
