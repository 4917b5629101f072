"""The options that several commands share."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ...backends.protocols import LARGEST_COUNT, LARGEST_SEED

FileArgument = Annotated[Path, typer.Argument(help="a program, .snn", show_default=False)]
ModelArgument = Annotated[
    Path, typer.Argument(help="a program, a package, or the folder of a run", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, for machines")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="print errors only")]
Defines = Annotated[
    list[str] | None,
    typer.Option("--define", "-D", metavar="NAME=VALUE", help="set a network's parameter"),
]
Network = Annotated[
    str | None, typer.Option("--network", help="which network, where the file has several")
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=LARGEST_SEED, help="wiring, weights and spike trains"),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, max=4096, help="default: all; results do not depend on it"),
]
TargetOption = Annotated[str, typer.Option("--target", help="where it is to run")]
TargetChoice = Annotated[
    str | None,
    typer.Option("--target", help="where it is to run; default: what it was made for, else cpu"),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, max=LARGEST_COUNT, help="use the first samples only"),
]
Histograms = Annotated[
    bool,
    typer.Option("--histogram", help="and the share of neurons with 0, 1, 2, … spikes in a sample"),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        help="a data set, a .csv or .npz file, or a call: 'csv(path = \"a.csv\", label = 0)'; "
        "default: the program's",
    ),
]


def parse_defines(defines: Iterable[str] | None) -> dict[str, str]:
    """`-D` options as a mapping; wrong usage if one is not NAME=VALUE."""
    values = {}
    for define in defines or ():
        name, sign, value = define.partition("=")
        if not (sign and name.strip() and value.strip()):
            raise typer.BadParameter(f"`{define}` is not NAME=VALUE", param_hint="-D")
        values[name.strip()] = value.strip()
    return values
