"""map: a network of integers laid out on the cores of a chip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from json import dumps, loads
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from ...backends.artifact.model import Package, graph_digest
from ...backends.artifact.storage import write_file
from ...backends.layout.image import Layout
from ...backends.layout.played import LAYOUT
from ...backends.layout.senders import rates_of
from ...backends.layout.stored import save_layout
from ...backends.mapping.load import load_kernels
from ...backends.runnable import require_single_inputs
from ...ir.chips.cores import CORES
from ...ir.diagnostics import CompileError, Diagnostic, to_json
from ...ir.passes.pipeline import run_model_passes
from ...ir.report import nearest
from ..interrupt import StopWish, stop_wish
from ..loading import DEFAULT_TARGET, make_simulator
from ..mapping.arranged import Wishes
from ..mapping.changes import Unfit, Watch
from ..mapping.firing import Firing, firing_of
from ..mapping.plan import Mapped, map_model, task_of
from ..mapping.search import Search, Stopped, begun
from ..mapping.trail import digest_of
from ..report import stage_bar, table_of
from ..settings import usable_threads
from ..simulation import alone, has_inputs, timed
from .command import Command
from .compiling import options_for
from .environment import settings
from .models import opened
from .options import DataOption, Defines, Json, ModelArgument, Network, Quiet, Seed, Threads
from .output import INTERRUPTED, Output, draw
from .quantizing import MEMBER
from .running import Split, SplitOption, presented

SHOWN = 12  # cores
LARGEST_MAP_SEED = 2**31 - 1  # one that METIS and Mt-KaHyPar take too
# Limits in words, where that is not their name.
WORDS = {"axons_in": "axons in", "axons_out": "axons out", "synapse_bytes": "bytes"}
SIZE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,3})")


def map_(
    model: ModelArgument,
    chip: Annotated[str, typer.Option("--target", help=f"the chip: {', '.join(CORES)}")],
    out: Annotated[Path, typer.Option("--out", help="a folder, made if need be")],
    cores: Annotated[
        str | None, typer.Option("--cores", metavar="WxH", help="routers of the mesh")
    ] = None,
    effort: Annotated[
        int, typer.Option("--effort", min=0, max=3, help="0: at once, 3: as well as may be")
    ] = 1,
    samples: Annotated[
        int, typer.Option("--samples", min=0, help="by which rates are measured; 0: all alike")
    ] = 32,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="what other ways to map it come to")
    ] = False,
    shuffle: Annotated[
        int, typer.Option("--map-seed", min=0, max=LARGEST_MAP_SEED, help="of the mapping")
    ] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with what was stopped; all else as before")
    ] = False,
    data: DataOption = None,
    split: SplitOption = Split.TEST,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    threads: Threads = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Lay a network out on the cores of a chip: which neurons where, and what that costs."""
    output = Output(json, quiet)
    wishes = Wishes(_chip(chip), _size(cores), shuffle, effort, baselines)
    loaded = opened(model, options_for(model, define, network, seed), output)
    if not loaded.model.graph.semantics.integers:
        raise CompileError(_of_floats(loaded.model.graph.name, chip))
    require_single_inputs(loaded.model.graph)
    if wishes.cores is not CORES["generic"] and _chip_of(loaded) != chip:
        output.note(f"its integers were not made for `{chip}`: quantize them with --target {chip}")
    settled = replace(loaded, model=run_model_passes(loaded.model))
    fired = _firing(settled, samples, data, split, threads, output)
    kernels = load_kernels(settings().kernel_folder)
    task = task_of(settled.model, fired, wishes)
    search = begun(out, digest_of(task, kernels, wishes.effort, wishes.seed), resume)
    with stop_wish() as wish, _watched(search, wish, output) as watch:
        try:
            made = map_model(settled.model, task, wishes, kernels, watch, search.trail)
        except Unfit as error:
            search.forget()
            output.document({**error.document, "errors": [to_json(d) for d in error.diagnostics]})
            draw(error.diagnostics, output)
            raise typer.Exit(1) from error
        except Stopped:
            search.save()
            output.note(f"stopped, state saved in {out}; go on by the same command and --resume")
            output.document({"event": "interrupted", "folder": str(out)})
            raise typer.Exit(INTERRUPTED) from None
    save_layout(out / LAYOUT, made.layout, graph_digest(loaded.model.graph))
    write_file(out / "map.json", dumps(made.report, indent=1).encode())
    write_file(out / "map.svg", made.picture.encode())
    search.forget()
    output.document({"folder": str(out), **made.report})
    _tell(out, made, output)
    _tell_of_driven(made.layout, chip, output)


@contextmanager
def _watched(search: Search, wish: StopWish, output: Output) -> Iterator[Watch]:
    """Shows how far it is, and keeps that from time to time; Stopped where that is wanted."""
    with stage_bar(output.notes, output.is_live, "map") as tell:

        def watch(stage: str, share: float) -> None:
            tell(stage, share)
            if wish.is_wanted:
                raise Stopped
            search.save_if_due()

        yield watch


def _chip(name: str) -> str:
    if name not in CORES:
        known = nearest(name, CORES) or f"choose from {', '.join(CORES)}"
        raise typer.BadParameter(f"no cores of `{name}` are known: {known}", param_hint="--target")
    return name


def _chip_of(package: Package) -> str | None:
    """The chip that integers were made for, as `snncc quantize` has written it; else they were
    learnt, and are what the program asks for."""
    if MEMBER not in package.extras:
        said = None if package.deploy is None else package.deploy.said.get("target")
        return None if said is None else str(said)
    found = loads(package.extras[MEMBER]).get("asked", {})
    named: str | None = found.get("target", {}).get("value")
    return named


def _tell_of_driven(layout: Layout, chip: str, output: Output) -> None:
    """That neurons lead to more axons than one of the chip drives."""
    drives = CORES[chip].drives
    if drives is None:
        return
    many = int((np.diff(layout.route_start)[: len(layout.neuron)] > drives).sum())
    if many:
        output.note(
            f"{many} neurons at least lead to several cores, and one of `{chip}` drives {drives}: "
            "these are no cores of the chip yet. `snncc export --target ranc` lays it out with "
            "relays"
        )


def _size(text: str | None) -> tuple[int, int] | None:
    found = None if text is None else SIZE.fullmatch(text)
    if text is not None and found is None:
        raise typer.BadParameter(f"`{text}` is not WIDTHxHEIGHT", param_hint="--cores")
    return None if found is None else (int(found[1]), int(found[2]))


def _of_floats(name: str, chip: str) -> Diagnostic:
    message = f"`{name}` computes with floats, and cores with integers"
    return Diagnostic("E093", message, help=f"snncc quantize MODEL --target {chip}, and map that")


def _firing(
    package: Package,
    samples: int,
    data: str | None,
    split: Split,
    threads: int | None,
    output: Output,
) -> Firing:
    """How often every sender fires, measured on samples; all alike where there are none."""
    graph = package.model.graph
    every = sum(p.neurons for p in graph.populations)
    if not samples or (has_inputs(graph) and data is None and package.data is None):
        output.note("no samples: all senders count alike; --data measures how often each fires")
        return Firing(rates_of(package.model, np.ones(every), 1))
    if has_inputs(graph):
        shown = presented(package, data, split, samples, output)
    else:
        package, shown = timed(package, None), alone(1)
    engine = replace(package, target=DEFAULT_TARGET, extras={})
    simulator = make_simulator(engine, threads or usable_threads(), settings())
    return firing_of(package.model, simulator, shown)


def _placing(found: dict[str, Any]) -> Iterator[str]:
    """That neurons were placed one by one, and what that saves."""
    if found["kept"] == "neurons":
        before, after = found["cores"], found["neurons"]
        yield f"neurons placed one by one: {after:.4g} hops, and {before:.4g} of cores placed whole"


def _tell(out: Path, made: Mapped, output: Output) -> None:
    report = made.report
    rows = [
        {
            "core": row["id"],
            "at": f"{row['x']},{row['y']}",
            "holds": ", ".join(f"{s['population']} {s['neurons']}" for s in row["slices"]),
            "axons in": row["axons_in"],
            "axons out": row["axons_out"],
            "synapses": row["synapses"],
            "bytes": row["synapse_bytes"],
            "fullest": f"{WORDS.get(row['fullest'], row['fullest'])} {row['used']:.0%}",
        }
        for row in report["cores"][:SHOWN]
    ]
    output.result(table_of(rows, list(rows[0])))
    if len(report["cores"]) > SHOWN:
        output.result(f"and {len(report['cores']) - SHOWN} cores more, in {out / 'map.json'}")
    sent, binding = report["traffic"], report["binding"]
    limit = WORDS.get(binding["limit"], binding["limit"])
    costs = ", ".join(
        f"{name.rpartition('_')[0].replace('_', ' ')} {value:.4g} {name.rpartition('_')[2]}"
        for name, value in report["cost"].items()
        if isinstance(value, float)
    )
    output.result(
        "",
        f"binding: {limit}, {binding['used']} of {binding['allowed']} on {binding['where']}",
        f"a step: {sent['packets']:.4g} packets over {sent['weighted_hops']:.4g} hops, "
        f"{sent['max_link']:.4g} on the busiest link; {costs}",
        *_placing(report["placing"]),
        f"constants: {report['cost']['constants']['source']}",
    )
    if "baselines" in report:
        own = {"name": "this", **sent, **report["cost"]}
        kept = [name for name, value in own.items() if isinstance(value, float)]
        table = [
            {"name": row["name"], **{k: f"{row[k]:.4g}" for k in kept}}
            for row in (own, *report["baselines"])
        ]
        output.result("", table_of(table, ["name", *kept]))
    output.result(f"{out}: {LAYOUT}, map.json, map.svg")


COMMANDS = (Command("map", map_, "snncc map q8.snnpkg --target loihi --out map"),)
