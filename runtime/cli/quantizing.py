"""quantize: a trained model in integers."""

from __future__ import annotations

import time
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ...backends.artifact.model import Package, save_model
from ...backends.artifact.package import SUFFIX
from ...ir.integers.precision import OF_PROJECTIONS
from ...ir.integers.ranges import UNSEEN, Ranges
from ...ir.verify.durations import steps_of
from ..calibration import seen
from ..deploying import asked_of, quantized_as, require_fit
from ..loading import DEFAULT_TARGET, make_simulator
from ..quantization import Quantized, earth_movers_distance, observed, report
from ..report import table_of
from ..samples import Presentation
from ..settings import usable_threads
from ..training.activity import spiking
from ..training.evaluate import Answers, answer
from .asking import Said, takes_choices
from .command import Command
from .compiling import options_for
from .environment import settings
from .models import opened
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed, Threads
from .output import Output
from .running import Split, presented

SAMPLES = 1000  # that are looked at where nothing is said
COARSE = (
    "all that leads to a neuron shares its unit, so that fewer bits of one projection coarsen the "
    "others; `--scale exponent` or `projection` gives each its own"
)
OBSERVED = 4  # samples of which every state is looked at, by the reference
MEMBER = "quantization.json"  # of a package: the report


@takes_choices()
def quantize(
    model: ModelArgument,
    said: Said,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="NAME.snnpkg, or a folder; default: MODEL.q8.snnpkg"),
    ] = None,
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
    loaded = opened(model, options_for(model, define, network, seed), output)
    asked = asked_of(loaded, said.values, said.bits(loaded.model.graph))
    require_fit(loaded.model, asked)
    deployment = asked.deployment
    samples = _samples(loaded, data, calibrate, output)
    bits = deployment.precision.input_bits
    ranges = UNSEEN if samples is None else _seen(loaded, samples, deployment.method, bits)
    made = quantized_as(loaded.model, asked, ranges)
    if asked.bits and deployment.precision.scale not in OF_PROJECTIONS:
        output.note(COARSE)
    compared = {} if samples is None else _compared(made, loaded, samples, threads)
    found = {**report(made), "asked": asked.document(), **compared}
    extras = {MEMBER: dumps(found, indent=1).encode()}
    path = out or Path(f"{model.stem}.q{deployment.precision.bits}{SUFFIX}")
    whole = Package(made.integers, DEFAULT_TARGET, loaded.data, extras, run=loaded.run)
    save_model(path, whole)
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
    decays = [row for p in found["populations"] for row in _decays(p)]
    if decays:
        output.result(table_of(decays, ["state", "tau [ms]", "in integers", "by"]), "")
    columns = ["name", "bits", "unit", "zeros", "clipped", "max_error", "rms_error", "delay"]
    columns += ["exponent"] if "exponent" in projections[0] else []
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


def _decays(population: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a state of a population that decays by a factor."""
    return [
        {
            "state": f"{population['name']}/{state}",
            "tau [ms]": _ends(decay["tau_wanted"]),
            "in integers": _ends(decay["tau_got"]),
            "by": f"{' to '.join(map(str, dict.fromkeys(decay['m'])))} / 2^{decay['bits']}",
        }
        for state, decay in population["decay"].items()
    ]


def _ends(taus: list[float | None]) -> str:
    """The least and the greatest of time constants, one where they are the same."""
    return " to ".join(dict.fromkeys("no end" if tau is None else f"{tau:.4g}" for tau in taus))


COMMANDS = (Command("quantize", quantize, "snncc quantize runs/digits --bits 8 --out q8.snnpkg"),)
