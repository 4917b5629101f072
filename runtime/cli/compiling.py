"""compile and inspect."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ...backends.artifact.model import save_model
from ...backends.artifact.package import SUFFIX
from ...backends.targets import Target
from ...ir.deploy.choices import DeploySpec
from ...ir.deploy.entries import DEPLOY_ENTRIES
from ...ir.diagnostics import to_json
from ...ir.graph import Graph
from ...ir.passes.pipeline import PIPELINE
from ...ir.running import Probe, RunSpec
from ...ir.text import print_graph
from ..deploying import asked_of
from ..loading import (
    Compiled,
    Options,
    compile_package,
    load_package,
    named_target,
    require_unchanged,
)
from ..report import table_of
from ..summary import Summary, summarize
from .command import Command
from .environment import settings
from .models import opened
from .options import Defines, Json, ModelArgument, Network, Quiet, Seed, TargetOption, parse_defines
from .output import Output, draw


class Emit(StrEnum):
    """What compile can print instead of writing a package."""

    IR = "ir"


def compile_command(
    file: ModelArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="NAME.snnpkg, or a folder; default: FILE.snnpkg")
    ] = None,
    target: TargetOption = "cpu",
    arch: Annotated[
        str | None,
        typer.Option("--arch", help="of the target gpu: sm_80, sm_90, …; default: the card here"),
    ] = None,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    emit: Annotated[Emit | None, typer.Option("--emit", help="print the IR instead")] = None,
    print_after: Annotated[
        str | None, typer.Option("--print-after", metavar="PASS|all", help="the IR, on stderr")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compile a program into a package: its network, wired, with initial weights.

    Of a package, or of a run's best model: with its weights, for another target.
    """
    output = Output(json, quiet)
    options = options_for(file, define, network, seed, target)
    path = out or Path(f"{file.stem}{SUFFIX}")
    if emit is None or out is not None:
        _refuse_self(file, path)
    _refuse_arch(named_target(target), arch)
    after = _printer(print_after, output)
    if emit is not None:
        _print(print_graph(load_package(file, options, after).model.graph), output)
        if out is None:
            return
        after = None  # it was told already
    compiled = compile_package(file, options, arch, settings(), after)
    save_model(path, compiled.package)
    for note in compiled.notes:
        output.note(note)
    draw(compiled.warnings, output)
    _tell(path, compiled, output, is_told=emit is None)


def _print(text: str, output: Output) -> None:
    if output.is_json:
        output.document({"ir": text})
    else:
        output.text(text)


def _refuse_self(file: Path, out: Path) -> None:
    if os.path.realpath(file) == os.path.realpath(out):
        raise typer.BadParameter(f"`{out}` is what is compiled: name another", param_hint="--out")


def _refuse_arch(target: Target, arch: str | None) -> None:
    if arch is None or arch in target.archs:
        return
    known = ", ".join(target.archs)
    message = f"choose from {known}" if known else f"the target {target.name} has none"
    raise typer.BadParameter(message, param_hint="--arch")


def _tell(path: Path, compiled: Compiled, output: Output, is_told: bool) -> None:
    summary = summarize(compiled.package.model).network
    added = {
        "members": sorted(compiled.package.extras),
        "warnings": [to_json(w) for w in compiled.warnings],
    }
    output.document({"package": str(path), **summary, **added})
    if is_told:
        output.result(
            f"{path}: {summary['neurons']} neurons, {summary['synapses']} synapses, "
            f"{summary['parameters']} parameters"
        )


def _printer(name: str | None, output: Output) -> Callable[[str, Graph], None] | None:
    if name is None:
        return None
    known = [stage.name for stage in PIPELINE]
    if name not in (*known, "all"):
        message = f"there is no pass `{name}`; choose from {', '.join(known)}, all"
        raise typer.BadParameter(message, param_hint="--print-after")

    def after(stage: str, graph: Graph) -> None:
        if name in (stage, "all"):
            output.notes.print(f"# after {stage}\n{print_graph(graph)}", markup=False)

    return after


def inspect(
    model: ModelArgument,
    define: Defines = None,
    network: Network = None,
    seed: Seed = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what a network is: its parts, its sizes, and every convention that it keeps."""
    output = Output(json, quiet)
    loaded = opened(model, options_for(model, define, network, seed), output)
    summary = summarize(loaded.model)
    row = named_target(loaded.target)
    kernels = None if row.report is None else row.report(loaded.extras)
    output.document(
        {
            "network": {**summary.network, "target": loaded.target},
            "run": None if loaded.run is None else _run_document(loaded.run),
            "deploy": None if loaded.deploy is None else asked_of(loaded).document(),
            "populations": summary.populations,
            "projections": summary.projections,
            "kernels": kernels,
        }
    )
    _show(summary, output)
    if loaded.run is not None:
        output.result("", *_run_lines(loaded.run))
    if loaded.deploy is not None:
        output.result("", _deployed(loaded.deploy))
    if kernels is not None:
        _show_kernels(kernels, output)


def _run_document(run: RunSpec) -> dict[str, Any]:
    """What the block says, with neurons [first, end), every so many steps."""
    probes = [
        {"what": p.what, "of": p.population, "neurons": [p.first, p.end], "every_steps": p.every}
        for p in run.probes
    ]
    return {"duration_ms": run.duration, "records": probes}


def _run_lines(run: RunSpec) -> list[str]:
    lasts = "" if run.duration is None else f" for {run.duration:g} ms"
    return [f"run{lasts}"] + [
        f"  records {p.what} of {p.population}{_some_of(p)}" for p in run.probes
    ]


def _some_of(probe: Probe) -> str:
    if probe.of_synapses and probe.every == 0:
        return " after the last step"
    part = f"[{probe.first}..{probe.end}]" if probe.end and not probe.of_synapses else ""
    return part + (f" every {probe.every} steps" if probe.every > 1 else "")


def _show(summary: Summary, output: Output) -> None:
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in summary.network.items()]
    output.result(*lines, "")
    populations = [{**p, "shape": str(p["shape"])} for p in summary.populations]
    output.result(
        table_of(populations, ["name", "role", "shape", "neurons", "model", "method"]), ""
    )
    for population in summary.populations:
        output.result(_semantics(population))
    columns = ["name", "connectivity", "synapses", "parameters", "lr_mult", "delay_steps", "port"]
    columns.append("delivery")
    output.result("", table_of([_of_delays(p) for p in summary.projections], columns))
    for projection in (p for p in summary.projections if "via" in p):
        output.result(_of_synapses(projection))


def _of_delays(projection: dict[str, Any]) -> dict[str, Any]:
    """The row of a projection, both ends of the delays of its synapses where they differ."""
    longest = projection.get("longest_delay_steps", projection["delay_steps"])
    if longest == projection["delay_steps"]:
        return projection
    return {**projection, "delay_steps": f"{projection['delay_steps']}..{longest}"}


def _of_synapses(projection: dict[str, Any]) -> str:
    """What the synapses of a projection hold, and in which events that changes."""
    numbers = ", ".join(f"{n} = {v:g}" for n, v in projection["synapse_parameters"].items())
    holds, events = ", ".join(projection["holds"]), " and ".join(projection["events"])
    what = f"each holds {holds or 'nothing'}"
    said = f"{projection['name']}: synapses {projection['via']}, {what}; on {events}"
    return f"{said}; {numbers}" if numbers else said


def _deployed(block: DeploySpec) -> str:
    said = [f"{name} {block.said[name]}" for name in DEPLOY_ENTRIES if name in block.said]
    said += [f"{name} bits {bits}" for name, bits in block.bits.items()]
    return f"deploy: {', '.join(said) or 'as by default'}"


def _show_kernels(report: dict[str, Any], output: Output) -> None:
    rows = [
        {
            **kernel,
            "spills": kernel["spill_stores"] + kernel["spill_loads"],
            "shared": kernel["shared"] + kernel["dynamic_shared"],
            "occupancy": f"{kernel['occupancy']:.0%}",
            "blocks": kernel["blocks_per_multiprocessor"],
        }
        for kernel in report["kernels"]
    ]
    columns = ["member", "threads", "registers", "shared", "stack", "spills", "blocks", "occupancy"]
    about = f"kernels for {report['arch']}; bytes a block or thread; blocks a multiprocessor"
    output.result("", about, table_of(rows, columns))


def _semantics(population: dict[str, object]) -> str:
    name = population["name"]
    if population["model"] == "input":
        return f"{name}: encoded by {population['encoding'] or 'nothing'}"
    if population["model"] == "source":
        return f"{name}: fires by {population['fires']}"
    parameters, units = population["parameters"], population["units"]
    assert isinstance(parameters, dict)
    assert isinstance(units, dict)
    values = ", ".join(
        f"{key} = {_quantity(v, units[key])}{_trained(population, key)}"
        for key, v in parameters.items()
    )
    emission = f"emits {population['emission']}{_read(population)}"
    return (
        f"{name}: {_in_a_step(population['phases'])}{_over(population['codes'])}\n"
        f"  {'; '.join(filter(None, (_spiking(population), emission, values)))}"
        f"{_in_integers(population['integers'])}"
    )


def _in_integers(facts: object) -> str:
    """What of integers holds in place of the parameters, which are those of the floats."""
    if facts is None:
        return ""
    assert isinstance(facts, dict)
    kept = [f"{s} keeps {_codes(k['m'])} / 2^{k['bits']}" for s, k in facts["decay"].items()]
    tested = [f"threshold at {_codes(facts['threshold'])}"] if facts["threshold"] else []
    said = [*kept, *tested]
    return f"\n  of these the integers have: {', '.join(said)}" if said else ""


def _codes(ends: list[int]) -> str:
    return " to ".join(map(str, dict.fromkeys(ends)))


def _read(population: dict[str, object]) -> str:
    return f", read by {population['readout']}" if population["readout"] else ""


def _trained(population: dict[str, object], parameter: str) -> str:
    learnt = population["learnt"]
    assert isinstance(learnt, dict)
    how = learnt.get(parameter)
    return "" if how is None else f" (trained, one a {how['each']})"


def _over(codes: object) -> str:
    assert isinstance(codes, dict)
    moving = [f"{state} {dtype}" for state, dtype in codes.items() if "." not in state]
    return f"; over {', '.join(moving)}" if moving else ""


def _in_a_step(phases: object) -> str:
    assert isinstance(phases, dict)
    if not phases:
        return "keeps nothing from step to step"
    done = (f"{name} {', '.join(states)}".strip() for name, states in phases.items())
    return f"in a step {'; '.join(done)}"


def _spiking(population: dict[str, object]) -> str:
    if not population["threshold"]:
        return "never spikes"
    kinds = population["reset_kinds"]
    assert isinstance(kinds, dict)
    reset = ", ".join(f"{state} {kind}" for state, kind in kinds.items()) or "none"
    comparison = population["comparison"]
    margin = f"margin {comparison} 0" if comparison else "no single margin"
    return (
        f"spikes when {population['threshold']} ({margin}); "
        f"reset {reset}; refractory {population['refractory_steps']} steps"
    )


def _quantity(value: float | list[float], unit: str) -> str:
    number = " to ".join(f"{v:g}" for v in value) if isinstance(value, list) else f"{value:g}"
    return number if unit == "1" else f"{number} {unit}"


def options_for(
    path: Path,
    define: list[str] | None,
    network: str | None,
    seed: int | None,
    target: str | None = None,
) -> Options:
    """The options of a program; a package is finished, so it takes none but the target."""
    options = Options(parse_defines(define), network, seed, target)
    require_unchanged(path, options)
    return options


COMMANDS = (
    Command("compile", compile_command, "snncc compile examples/digits.snn --out digits.snnpkg"),
    Command("inspect", inspect, "snncc inspect examples/digits.snn"),
)
