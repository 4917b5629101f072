"""quantize: a trained model in integers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from json import dumps
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
import typer

from ...backends.artifact.model import Package, save_model
from ...backends.artifact.package import SUFFIX
from ...ir.graph import MOST_SPIKES, SUMS, THRESHOLDS
from ...ir.integers.precision import DECAYS, FEWEST_BITS, MOST_BITS, SCALES, Deployment, Precision
from ...ir.integers.ranges import UNSEEN, Ranges
from ...ir.integers.weights import METHODS
from ...ir.model import Model
from ...ir.report import nearest
from ...ir.rules import MOST_CODE_BITS
from ...ir.verify.durations import steps_of
from ..calibration import seen
from ..loading import DEFAULT_TARGET, load_package, make_simulator
from ..quantization import Quantized, earth_movers_distance, observed, quantized, report
from ..report import table_of
from ..samples import Presentation
from ..settings import usable_threads
from ..training.activity import spiking
from ..training.evaluate import Answers, answer
from .command import Command
from .compiling import options_for
from .environment import settings
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed, Threads
from .output import Output
from .running import Split, presented

SAMPLES = 1000  # that are looked at where nothing is said
MOST_CELLS = 1024
OBSERVED = 4  # samples of which every state is looked at, by the reference
MEMBER = "quantization.json"  # of a package: the report


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


def quantize(
    model: ModelArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="NAME.snnpkg, or a folder; default: MODEL.q8.snnpkg"),
    ] = None,
    bits: Annotated[
        int, typer.Option("--bits", min=FEWEST_BITS, max=MOST_BITS, help="of a weight")
    ] = 8,
    projection: Annotated[
        list[str] | None,
        typer.Option("--projection", "-P", metavar="NAME:bits=N", help="of the weights of one"),
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", help=f"what shares a unit of weights: {', '.join(SCALES)}")
    ] = "neuron",
    method: Annotated[
        str, typer.Option("--method", help=f"unit from the weights: {', '.join(METHODS)}")
    ] = "minmax",
    guard: Annotated[
        int | None,
        typer.Option(
            "--guard",
            min=-16,
            max=24,
            help="bits of a state below that unit; default: up to 8, as many as can be proved safe",
        ),
    ] = None,
    state_bits: Annotated[
        int, typer.Option("--state-bits", min=4, max=32, help="to which states saturate")
    ] = 32,
    decay: Annotated[
        str, typer.Option("--decay", help=f"by a factor, shifts, a constant: {', '.join(DECAYS)}")
    ] = "multiply",
    decay_bits: Annotated[
        int, typer.Option("--decay-bits", min=4, max=16, help="of a decay's factor")
    ] = 12,
    floor: Annotated[
        float | None,
        typer.Option("--floor", help="below which no membrane falls, in its unit, such as mV"),
    ] = None,
    rounding: Annotated[Round, typer.Option("--round", help="of decays and factors")] = Round.FLOOR,
    overflow: Annotated[
        Overflow, typer.Option("--overflow", help="of sums: prove that there is none, or not")
    ] = Overflow.PROVE,
    sums: Annotated[
        str, typer.Option("--sums", help=f"what a port holds: {', '.join(SUMS)}")
    ] = "exact",
    table: Annotated[
        int,
        typer.Option(
            "--table", min=0, max=MOST_CELLS, help="cells of functions such as exp; 0 refuses them"
        ),
    ] = 0,
    threshold: Annotated[
        str, typer.Option("--threshold", help=f"when it is tested: {', '.join(THRESHOLDS)}")
    ] = "step",
    spikes: Annotated[
        int, typer.Option("--spikes", min=1, max=MOST_SPIKES, help="the most of a neuron in a step")
    ] = 1,
    input_bits: Annotated[
        int,
        typer.Option(
            "--input-bits", min=FEWEST_BITS, max=MOST_CODE_BITS, help="of a number an input sends"
        ),
    ] = 8,
    calibrate: Annotated[
        int | None,
        typer.Option(
            "--calibrate",
            min=0,
            help="training samples by which units of numbers are chosen, and on which both are "
            "compared; default: 1000, if there are data",
        ),
    ] = None,
    data: DataOption = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Turn a model into integers, prove that no sum overflows, and measure what changed."""
    output, started = Output(json, quiet), time.monotonic()
    loaded = load_package(model, options_for(model, define, network, seed))
    precision = Precision(
        bits=bits,
        scale=_row_of(SCALES, scale, "--scale"),
        state_bits=state_bits,
        decay=_row_of(DECAYS, decay, "--decay"),
        decay_bits=decay_bits,
        rounding=rounding.value,
        overflow=overflow.value,
        sums=_row_of(SUMS, sums, "--sums"),
        input_bits=input_bits,
        floor=floor,
        threshold=_row_of(THRESHOLDS, threshold, "--threshold"),
        spikes=spikes,
        table=table,
        by_projection=MappingProxyType(_bits_of(projection or [], loaded.model)),
    )
    rule = _row_of(METHODS, method, "--method")
    samples = _samples(loaded, data, calibrate, output)
    ranges = UNSEEN if samples is None else _seen(loaded, samples, rule, input_bits)
    made = quantized(loaded.model, Deployment(precision, guard, rule), ranges)
    compared = {} if samples is None else _compared(made, loaded, samples, threads)
    found = {**report(made), **compared}
    extras = {MEMBER: dumps(found, indent=1).encode()}
    path = out or Path(f"{model.stem}.q{bits}{SUFFIX}")
    save_model(path, replace(loaded, model=made.integers, target=DEFAULT_TARGET, extras=extras))
    spent = {"seconds": round(time.monotonic() - started, 3)}
    output.document({"package": str(path), **found, **spent})
    _tell(path, found, output)


def _samples(
    package: Package, data: str | None, count: int | None, output: Output
) -> Presentation | None:
    """The training samples that are looked at; CompileError(E061) where there are none but some
    were asked for."""
    if count == 0:
        return None
    if count is None and data is None and package.data is None:
        output.note("nothing was compared: the program names no data; say --data, or --calibrate 0")
        return None
    return presented(package, data, Split.TRAIN, SAMPLES if count is None else count, output)


def _seen(package: Package, samples: Presentation, method: str, bits: int) -> Ranges:
    return seen(package.model, samples.pick(np.arange(len(samples))), method, bits)


def _row_of(table: Mapping[str, object], name: str, option: str) -> str:
    """The name, if there is such a row; else wrong usage."""
    if name not in table:
        way_out = nearest(name, table) or f"choose from {', '.join(table)}"
        raise typer.BadParameter(f"there is no `{name}`: {way_out}", param_hint=option)
    return name


def _bits_of(given: list[str], model: Model) -> dict[str, int]:
    """`-P` options as a mapping; wrong usage if one is not NAME:bits=N of a projection."""
    names, found = [p.name for p in model.graph.projections], {}
    for text in given:
        name, sign, number = text.rpartition(":bits=")
        if not sign or not number.isdecimal() or not FEWEST_BITS <= int(number) <= MOST_BITS:
            message = f"`{text}` is not NAME:bits=N, N from {FEWEST_BITS} to {MOST_BITS}"
            raise typer.BadParameter(message, param_hint="-P")
        if name not in names:
            known = nearest(name, names) or f"known are {', '.join(names)}"
            raise typer.BadParameter(f"no projection `{name}`; {known}", param_hint="-P")
        found[name] = int(number)
    return found


def _compared(
    made: Quantized, package: Package, samples: Presentation, threads: int | None
) -> dict[str, Any]:
    """Accuracy and rates of both on the same training samples."""
    count, graph = len(samples), made.floats.graph
    before, after = (
        _answers(replace(package, model=model, target=DEFAULT_TARGET, extras={}), samples, threads)
        for model in (made.floats, made.integers)
    )
    seconds = max(1, count) * steps_of(graph) * graph.dt / 1000.0
    rates = [
        {
            "name": population.name,
            "rate_float": float(before.activity[own].mean() / seconds),
            "rate_int": float(after.activity[own].mean() / seconds),
            "rate_emd": earth_movers_distance(before.activity[own], after.activity[own]) / seconds,
        }
        for population, own in spiking(graph)
    ]
    agree = float((before.predictions == after.predictions).mean())
    shares = {"float": before.accuracy, "integer": after.accuracy, "agree": agree}
    few = samples.pick(np.arange(min(count, OBSERVED)))
    golden = replace(package, model=made.integers, target="reference", extras={})
    states = observed(made, make_simulator(golden, 1, settings()).trace(few, True))
    return {
        "states": {"samples": len(few.ids), "observed": states},
        "calibration": {
            "data": None if package.data is None else package.data.kind,
            "split": "train",
            "samples": count,
            "seed": package.model.seed,
        },
        "accuracy": {**shares, "samples": count},
        "rates": rates,
    }


def _answers(package: Package, samples: Presentation, threads: int | None) -> Answers:
    made = answer(make_simulator(package, threads or usable_threads(), settings()), samples)
    assert made is not None
    return made


def _tell(path: Path, found: dict[str, Any], output: Output) -> None:
    populations = [
        {
            **p,
            "threshold": " to ".join(map(str, p["threshold_codes"])),
            "bits": p["state_bits_used"],
        }
        for p in found["populations"]
    ]
    projections = [
        {**p, "unit": " to ".join(f"{u:.4g}" for u in p["unit"]), "zeros": f"{p['zeros']:.1%}"}
        for p in found["projections"]
    ]
    output.result(table_of(populations, ["name", "neurons", "threshold", "bits"]), "")
    columns = ["name", "bits", "unit", "zeros", "clipped", "max_error", "rms_error", "delay"]
    output.result(table_of(projections, columns), "")
    if "accuracy" in found:
        states = [
            {**s, "saturated": f"{s['saturated'] / s['of']:.2%}"}
            for s in found["states"]["observed"]
        ]
        output.result(table_of(states, ["name", "low", "high", "saturated"]), "")
        output.result(table_of(found["rates"], ["name", "rate_float", "rate_int", "rate_emd"]), "")
        accuracy = found["accuracy"]
        output.result(
            f"{found['calibration']['samples']} training samples: {accuracy['float']:.2%} before, "
            f"{accuracy['integer']:.2%} in integers; {accuracy['agree']:.2%} answered alike"
        )
    size = found["bytes"]["weights"]
    output.result(f"{path}: {size} bytes of weights, {found['guard']} guard bits")


COMMANDS = (Command("quantize", quantize, "snncc quantize runs/digits --bits 8 --out q8.snnpkg"),)
