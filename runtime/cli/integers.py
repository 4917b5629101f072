"""The options that say what a network's integers are to be: those of quantize, and of train."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

import typer

from ...ir.graph import MOST_SPIKES, SUMS, THRESHOLDS
from ...ir.integers.precision import DECAYS, FEWEST_BITS, MOST_BITS, SCALES, Deployment, Precision
from ...ir.integers.weights import METHODS
from ...ir.report import nearest
from ...ir.rules import MOST_CODE_BITS

MOST_CELLS = 1024


class Round(StrEnum):
    """What becomes of a code between two."""

    FLOOR = "floor"
    NEAREST_EVEN = "nearest_even"
    TOWARD_ZERO = "toward_zero"


class Overflow(StrEnum):
    """What becomes of a sum that leaves 32 bits."""

    PROVE = "prove"
    SATURATE = "saturate"
    WRAP = "wrap"


Bits = Annotated[int, typer.Option("--bits", min=FEWEST_BITS, max=MOST_BITS, help="of a weight")]
OfProjections = Annotated[
    list[str] | None,
    typer.Option("--projection", "-P", metavar="NAME:bits=N", help="of the weights of one"),
]
Scale = Annotated[
    str, typer.Option("--scale", help=f"what shares a unit of weights: {', '.join(SCALES)}")
]
Method = Annotated[
    str, typer.Option("--method", help=f"unit from the weights: {', '.join(METHODS)}")
]
Guard = Annotated[
    int | None,
    typer.Option(
        "--guard",
        min=-16,
        max=24,
        help="bits of a state below that unit; default: up to 8, as many as can be proved safe",
    ),
]
StateBits = Annotated[
    int, typer.Option("--state-bits", min=4, max=32, help="to which states saturate")
]
Decay = Annotated[
    str, typer.Option("--decay", help=f"by a factor, shifts, a constant: {', '.join(DECAYS)}")
]
DecayBits = Annotated[int, typer.Option("--decay-bits", min=4, max=16, help="of a decay's factor")]
Floor = Annotated[
    float | None,
    typer.Option("--floor", help="below which no membrane falls, in its unit, such as mV"),
]
Rounding = Annotated[Round, typer.Option("--round", help="of decays and factors")]
OfSums = Annotated[
    Overflow, typer.Option("--overflow", help="of sums: prove that there is none, or not")
]
Sums = Annotated[str, typer.Option("--sums", help=f"what a port holds: {', '.join(SUMS)}")]
Table = Annotated[
    int,
    typer.Option(
        "--table", min=0, max=MOST_CELLS, help="cells of functions such as exp; 0 refuses them"
    ),
]
Tested = Annotated[
    str, typer.Option("--threshold", help=f"when it is tested: {', '.join(THRESHOLDS)}")
]
Spikes = Annotated[
    int, typer.Option("--spikes", min=1, max=MOST_SPIKES, help="the most of a neuron in a step")
]
InputBits = Annotated[
    int,
    typer.Option(
        "--input-bits", min=FEWEST_BITS, max=MOST_CODE_BITS, help="of a number an input sends"
    ),
]


def asked_of(given: Mapping[str, Any]) -> Deployment:
    """What the options, by the names of their parameters, ask for; wrong usage if there is no such
    row of a table."""
    tables: dict[str, Mapping[str, object]] = {
        "scale": SCALES, "decay": DECAYS, "sums": SUMS, "threshold": THRESHOLDS,
    }  # fmt: skip
    rows = {name: _row_of(rows, given[name], f"--{name}") for name, rows in tables.items()}
    same = ("bits", "state_bits", "decay_bits", "input_bits", "floor", "spikes", "table")
    fields: dict[str, Any] = {name: given[name] for name in same} | rows
    precision = Precision(
        **fields,
        rounding=Round(given["rounding"]).value,
        overflow=Overflow(given["overflow"]).value,
        by_projection=MappingProxyType(_bits_of(given["projection"] or [])),
    )
    return Deployment(precision, given["guard"], _row_of(METHODS, given["method"], "--method"))


# The parameters that `asked_of` reads.
ASKED = (
    *("bits", "projection", "scale", "method", "guard", "state_bits", "decay", "decay_bits"),
    *("floor", "rounding", "overflow", "sums", "table", "threshold", "spikes", "input_bits"),
)


def _row_of(table: Mapping[str, object], name: str, option: str) -> str:
    """The name, if there is such a row; else wrong usage."""
    if name not in table:
        way_out = nearest(name, table) or f"choose from {', '.join(table)}"
        raise typer.BadParameter(f"there is no `{name}`: {way_out}", param_hint=option)
    return name


def _bits_of(given: Iterable[str]) -> dict[str, int]:
    """`-P` options as a mapping; wrong usage if one is not NAME:bits=N."""
    found = {}
    for text in given:
        name, sign, number = text.rpartition(":bits=")
        if not sign or not number.isdecimal() or not FEWEST_BITS <= int(number) <= MOST_BITS:
            message = f"`{text}` is not NAME:bits=N, N from {FEWEST_BITS} to {MOST_BITS}"
            raise typer.BadParameter(message, param_hint="-P")
        found[name] = int(number)
    return found


def require_projections(asked: Deployment, names: Iterable[str]) -> None:
    """Wrong usage if bits are asked for a projection that has none of these names."""
    known = list(names)
    for name in asked.precision.by_projection:
        if name not in known:
            listed = nearest(name, known) or f"known are {', '.join(known)}"
            raise typer.BadParameter(f"no projection `{name}`; {listed}", param_hint="-P")
