"""export: a model written out for other runtimes and for hardware."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ...backends.artifact.model import Package
from ...backends.exports.chips.flavours import FLAVOURS
from ...backends.exports.objects.triples import TRIPLES
from ...backends.exports.table import EXPORTS, Details, Export
from ...ir.report import nearest
from ..building import BUILDS, Built
from ..exporting import write_export
from ..inputs import load_inputs
from ..simulation import alone, has_inputs, timed
from .command import Command
from .compiling import options_for
from .environment import settings
from .models import opened
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed
from .output import Output
from .running import Split, SplitOption, presented

NAMED = 8  # files


def export(
    model: ModelArgument,
    form: Annotated[str, typer.Option("--target", help=f"what to write: {', '.join(EXPORTS)}")],
    out: Annotated[Path, typer.Option("--out", help="a folder, made if need be; of nir the file")],
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
    neuron: Annotated[
        str | None,
        typer.Option("--neuron", metavar="POPULATION:N", help="of vectors; default: a busy one"),
    ] = None,
    all_outputs: Annotated[
        bool,
        typer.Option("--all-outputs", help="of ONNX: every spike and state, for `snncc diff`"),
    ] = False,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="of NIR: without what it cannot say, which is listed")
    ] = False,
    flavour: Annotated[
        str | None, typer.Option("--flavour", help=f"of Loihi: {', '.join(FLAVOURS)}")
    ] = None,
    layout: Annotated[
        Path | None, typer.Option("--layout", help="of RANC: cores as in this folder of `map`")
    ] = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a model out: as C, machine code or ONNX, or as golden vectors with a bench."""
    output = Output(json, quiet)
    row = _row(form, build, vectors)
    _require_known(triple, TRIPLES, "--triple")
    _require_known(flavour, FLAVOURS, "--flavour")
    _require_ending(row, out)
    vectors = 0 if row.ending else vectors
    loaded = opened(model, options_for(model, define, network, seed), output)
    details = Details(_neuron(neuron, loaded), all_outputs, triple, lossy, flavour, layout)
    for name in sorted(details.given - row.details):
        option = f"--{name.replace('_', '-')}"
        raise typer.BadParameter(f"it says nothing of `{form}`", param_hint=option)
    row.require(loaded.model)
    samples = None
    if vectors and inputs is not None:
        samples = load_inputs(loaded.model.graph, inputs, vectors)
    elif vectors and not has_inputs(loaded.model.graph) and data is None:
        loaded = timed(loaded, None)
        samples = alone(vectors)
    elif vectors:
        samples = presented(loaded, data, split, vectors, output)
    made = write_export(loaded, row, out, details, samples, settings())
    built = BUILDS[form](out, made.facts) if build else Built("")
    told = {} if samples is None else {"samples": len(samples)}
    facts = {**made.facts, **told, **built.facts}
    if row.ending:
        output.document({"file": str(out), **facts})
        counts = ", ".join(f"{value} {name}" for name, value in facts.items() if name != "lost")
        output.result(f"{out}: {counts}", *(f"left out: {lost}" for lost in facts["lost"]))
        return
    output.document({"folder": str(out), "files": sorted(made.files), **facts, "test": built.said})
    shown = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items())
    names = ", ".join(made.files) if len(made.files) <= NAMED else f"{len(made.files)} files"
    output.result(f"{out}: {names}; {shown}", *filter(None, [built.said]))


def _row(form: str, build: bool, vectors: int) -> Export:
    """What writes the form; wrong usage where there is none, or options that it cannot have."""
    if form not in EXPORTS:
        known = nearest(form, EXPORTS) or f"choose from {', '.join(EXPORTS)}"
        raise typer.BadParameter(f"there is no `{form}`: {known}", param_hint="--target")
    row = EXPORTS[form]
    if build and form not in BUILDS:
        known = " and ".join(BUILDS)
        message = f"no program is made of `{form}`, of {known} there is"
        raise typer.BadParameter(message, param_hint="--build")
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


def _require_ending(row: Export, out: Path) -> None:
    """Wrong usage for a name that a file of the form does not have."""
    if row.ending and out.suffix != row.ending:
        raise typer.BadParameter(f"the name of the file ends with {row.ending}", param_hint="--out")


def _require_known(name: str | None, rows: Mapping[str, object], option: str) -> None:
    """Wrong usage for what there is no row for."""
    if name is not None and name not in rows:
        known = nearest(name, rows) or f"choose from {', '.join(rows)}"
        raise typer.BadParameter(f"there is no `{name}`: {known}", param_hint=option)


COMMANDS = (
    Command("export", export, "snncc export q8.snnpkg --target c --out c --vectors 8 --build"),
)
