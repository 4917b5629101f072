"""import: the networks of other tools as programs."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from ...frontend.nir.decisions import Choices
from ...frontend.nir.program import decision_text
from ...ir.nir.said import (
    LONGEST,
    MOST_LATE,
    MOST_SPIKES,
    SHORTEST,
    Comparison,
    Gain,
    Method,
    Reset,
    Signals,
)
from ..importing import SUFFIX, import_nir
from .command import Command
from .options import Json, Quiet
from .output import Output

PROGRAM = ".snn"


def import_(
    file: Annotated[Path, typer.Argument(help="a network, .nir", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="the program, .snn", show_default=False)],
    dt: Annotated[
        float | None, typer.Option("--dt", help="the step of time in seconds, as NIR's times are")
    ] = None,
    reset: Annotated[
        Reset | None,
        typer.Option("--reset", help="a spike sets the potential to v_reset, or subtracts"),
    ] = None,
    discretize: Annotated[
        Method | None,
        typer.Option("--discretize", help="how a step solves the equations"),
    ] = None,
    comparison: Annotated[
        Comparison | None,
        typer.Option("--comparison", help="a spike above the threshold, or at it too"),
    ] = None,
    gain: Annotated[
        Gain | None,
        typer.Option("--gain", help="the r of IF and I is per second, or per step"),
    ] = None,
    delay: Annotated[
        int | None,
        typer.Option("--recurrent-delay", min=1, max=MOST_LATE, help="steps; default: 1"),
    ] = None,
    signals: Annotated[
        Signals | None,
        typer.Option("--input", help="what an Input sends; default: spikes"),
    ] = None,
    spikes: Annotated[
        int | None,
        typer.Option(
            "--spikes-per-step", min=1, max=MOST_SPIKES, help="the most of a neuron; default: 1"
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option("--membrane-floor", help="no potential is below; default: none"),
    ] = None,
    transpose: Annotated[
        list[str] | None,
        typer.Option(
            "--transpose", metavar="NODE", help="a node whose matrix is [inputs, outputs]"
        ),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="put edges right that name what is not there")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="print what decided all that NIR leaves open")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a NIR network as a program, and its weights beside it."""
    output = Output(json, quiet)
    if out.suffix != PROGRAM:
        raise typer.BadParameter(f"a program's name ends with {PROGRAM}", param_hint="--out")
    if '"' in out.name or not out.name.isprintable():
        raise typer.BadParameter("no program can name its weights beside it", param_hint="--out")
    if dt is not None and not SHORTEST <= dt <= LONGEST:
        raise typer.BadParameter("it is from 1e-9 to 1000 seconds", param_hint="--dt")
    if floor is not None and not (isfinite(floor) and floor <= 0):
        raise typer.BadParameter("it is 0 or below", param_hint="--membrane-floor")
    choices = Choices(
        dt,
        reset,
        discretize,
        comparison,
        gain,
        delay,
        signals,
        tuple(transpose or ()),
        repair,
        spikes,
        floor,
    )
    made = import_nir(file, out, choices)
    weights = out.with_suffix(SUFFIX) if made.tensors else None
    facts = {"populations": made.populations, "projections": made.projections}
    output.document(
        {
            "imported": str(out),
            "weights_file": None if weights is None else str(weights),
            "version": made.version,
            "decisions": [row._asdict() for row in made.settled.decisions],
            "delayed": list(made.closing),
            "repairs": list(made.repairs),
            "nodes": made.nodes,
            **facts,
            "warnings": [],
        }
    )
    if explain or repair:
        output.result(*(f"repaired: {text}" for text in made.repairs))
    if explain:
        output.result(*(decision_text(row) for row in made.settled.decisions))
        output.result(*(f"{path} closes a cycle, and has the delay" for path in made.closing))
    beside = "" if weights is None else f", its weights {weights}"
    counts = ", ".join(f"{count} {name}" for name, count in facts.items())
    output.result(f"{out}: {counts}{beside}")


COMMANDS = (
    Command(
        "import",
        import_,
        "snncc import examples/recurrent.nir -o recurrent.snn --reset zero",
    ),
)
