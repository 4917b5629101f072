"""export: a model written out for other runtimes and for hardware."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...backends.artifact.model import Package, graph_digest
from ...backends.artifact.storage import write_file
from ...backends.exports.objects.triples import TRIPLES
from ...backends.exports.table import EXPORTS, Write
from ...backends.trace import Trace
from ...ir.report import nearest
from ..building import BUILDS, Built
from ..inputs import load_inputs
from ..loading import load_package, make_simulator
from ..samples import Presentation
from .command import Command
from .compiling import options_for
from .environment import settings
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed
from .output import Output
from .running import Split, SplitOption, presented


def export(
    model: ModelArgument,
    form: Annotated[str, typer.Option("--target", help=f"what to write: {', '.join(EXPORTS)}")],
    out: Annotated[Path, typer.Option("--out", help="a folder, made if need be")],
    triple: Annotated[
        str | None,
        typer.Option("--triple", help=f"the machine of an object: {', '.join(TRIPLES)}"),
    ] = None,
    vectors: Annotated[
        int, typer.Option("--vectors", min=0, help="samples of a test that comes with it; 0: none")
    ] = 4,
    inputs: Annotated[
        Path | None, typer.Option("--inputs", help="an .npy file of these, in place of data")
    ] = None,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    build: Annotated[
        bool, typer.Option("--build", help="make a program of it and run the test")
    ] = False,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a model out: as C, as machine code or as ONNX, with golden vectors to compare."""
    output = Output(json, quiet)
    if form not in EXPORTS:
        known = nearest(form, EXPORTS) or f"choose from {', '.join(EXPORTS)}"
        raise _usage(f"there is no `{form}`: {known}", "--target")
    write = _write_for(form, triple)
    if build and form not in BUILDS:
        raise _usage(
            f"no program is made of `{form}`, of {' and '.join(BUILDS)} there is", "--build"
        )
    if build and not vectors:
        raise _usage("it runs the test of --vectors", "--build")
    loaded = load_package(model, options_for(model, define, network, seed))
    samples = None
    if vectors and inputs is not None:
        samples = load_inputs(loaded.model.graph, inputs, vectors)
    elif vectors:
        samples = presented(loaded, data, split, vectors, output)
    trace = None if samples is None else _golden(loaded, samples)
    made = write(loaded.model, graph_digest(loaded.model.graph), trace)
    for name, content in made.files.items():
        write_file(out / name, content)
    built = BUILDS[form](out, made.facts) if build else Built("")
    facts = {**made.facts, **built.facts}
    output.document({"folder": str(out), "files": sorted(made.files), **facts, "test": built.said})
    shown = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items())
    output.result(f"{out}: {', '.join(made.files)}; {shown}", *filter(None, [built.said]))


def _golden(package: Package, samples: Presentation) -> Trace:
    """What the reference does with the samples, states included."""
    simulator = make_simulator(replace(package, target="reference", extras={}), 1, settings())
    return simulator.trace(samples.pick(np.arange(len(samples))), True)


def _write_for(form: str, triple: str | None) -> Write:
    """What writes the form, for a machine that may be named."""
    row = EXPORTS[form]
    if triple is None:
        return row.write
    if row.for_triple is None:
        given = ", ".join(name for name, each in EXPORTS.items() if each.for_triple)
        raise _usage(f"`{form}` is the same for every machine; it is for {given}", "--triple")
    if triple not in TRIPLES:
        known = nearest(triple, TRIPLES) or f"choose from {', '.join(TRIPLES)}"
        raise _usage(f"there is no `{triple}`: {known}", "--triple")
    return row.for_triple(triple)


def _usage(message: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=option)


COMMANDS = (
    Command("export", export, "snncc export q8.snnpkg --target c --out c --vectors 8 --build"),
)
