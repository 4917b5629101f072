"""What `gpu.sh` found, part by part: lines of JSON while it runs, tables and one JSON at its end.

A part writes a line as soon as it knows something, so that what is stopped at its time limit keeps
what it had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gpu_machine import datasheet
from machine import Arithmetic, Level, Machine
from tables import Grid, rates_text, to_markdown
from through_time import grid_of

from snncc.runtime.training.checkpoint import newest_first, open_checkpoint
from snncc.runtime.training.run_folder import CHECKPOINTS

Document = dict[str, Any]
CARD = "H100 SXM"  # whose data sheet stands in where nothing was measured
GOALS = {"1": 60.0, "more": 5.0}  # seconds of an epoch at batch 1, and at a larger one


def write_line(path: Path, part: str, document: Document) -> None:
    """Append what a part found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps({"part": part, **document}) + "\n")


def read_lines(path: Path) -> list[Document]:
    """All that was found; a last line that was cut off is left out."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [document for line in lines if (document := _parsed(line)) is not None]


def _parsed(line: str) -> Document | None:
    try:
        document: Document = json.loads(line)
    except json.JSONDecodeError:
        return None
    return document


def of_part(lines: Iterable[Document], part: str) -> list[Document]:
    """What one part found."""
    return [line for line in lines if line["part"] == part]


def machine_line(machine: Machine) -> Document:
    """A machine as a line holds it."""
    return {"machine": asdict(machine)}


def machine_of(lines: Iterable[Document]) -> Machine:
    """The measured machine, or the data sheet where none was measured."""
    found = [line["machine"] for line in of_part(lines, "machine") if "machine" in line]
    if not found:
        return datasheet(CARD)
    document: Document = found[-1]
    return Machine(
        document["cpu"],
        document["cores"],
        tuple((name, size) for name, size in document["caches"]),
        tuple((name, version) for name, version in document["versions"]),
        tuple(Level(**level) for level in document["levels"]),
        tuple(Arithmetic(**one) for one in document["arithmetic"]),
        document["gemm"],
    )


def epoch_lines(text: str) -> Iterator[Document]:
    """The epochs in the output of `snncc train --json`."""
    for line in text.splitlines():
        document = _parsed(line)
        if isinstance(document, dict) and document.get("event") == "epoch":
            kept = ("epoch", "seconds", "train_accuracy", "test_accuracy")
            yield {**{name: document[name] for name in kept}, "share": 1.0}


def part_of_epoch(run: Path) -> Iterator[Document]:
    """How far a run came that was stopped: `share` of its epoch's samples in `seconds`."""
    for path in newest_first(run / CHECKPOINTS)[:1]:
        progress = open_checkpoint(path).progress
        yield {
            "epoch": progress.epoch + 1,
            "seconds": progress.seconds,
            "train_accuracy": None,
            "test_accuracy": None,
            "share": progress.position / progress.samples,
        }


def resources_in(document: Any, name: str = "") -> Iterator[Document]:
    """Every entry of a document that speaks of registers, under the names that lead to it."""
    if isinstance(document, dict):
        if "registers" in document:
            numbers = {k: v for k, v in document.items() if isinstance(v, int | float | str)}
            yield {"kernel": name.strip(".") or "kernel", **numbers}
        for key, value in document.items():
            yield from resources_in(value, f"{name}.{key}")
    if isinstance(document, list):
        for k, value in enumerate(document):
            yield from resources_in(value, f"{name}.{k}")


def markdown(lines: list[Document]) -> str:
    """Every table that there is something for."""
    grids = [grid for grid in grids_of(lines) if grid.rows]
    return "\n\n".join(["# GPU", *map(to_markdown, grids)]) + "\n"


def grids_of(lines: list[Document]) -> tuple[Grid, ...]:
    """The tables, perhaps empty."""
    return (
        summary_grid(lines),
        machine_grid(lines),
        resources_grid(lines),
        speed_grid(lines),
        pairs_grid(lines),
        epochs_grid(lines),
        convolutions_grid(lines),
        grid_of(of_part(lines, "through_time"), "gpu"),
    )


def summary_grid(lines: list[Document]) -> Grid:
    """What went well, and what did not."""
    rows = tuple(
        (str(line["name"]), str(line["state"]), str(line.get("seconds", "")))
        for line in of_part(lines, "summary")
    )
    return Grid("Parts", ("part", "state", "seconds"), rows, 2)


def machine_grid(lines: list[Document]) -> Grid:
    """The card: measured roofline beside what PyTorch reaches."""
    rows = [
        (str(key), str(value))
        for line in of_part(lines, "about")
        for key, value in line.items()
        if key != "part"
    ]
    if not any("machine" in line for line in of_part(lines, "machine")):
        return Grid("Machine", ("", ""), tuple(rows))
    machine = machine_of(lines)
    rows += [("card", f"{machine.cpu}, {machine.cores} multiprocessors")]
    rows += [
        (x.name, f"read {x.read:.0f} GB/s, update {x.update:.0f} GB/s ({x.bytes_per_thread} bytes)")
        for x in machine.levels
    ]
    rows += [("multiply-add", f"{a.fma:.0f} GFLOP/s float32") for a in machine.arithmetic]
    for check in (line["check"] for line in of_part(lines, "machine") if "check" in line):
        rows.append(("PyTorch copy", f"{check['copy']:.0f} GB/s, read and written"))
        products = ("float32", "tf32", "bf16")
        rows += [(f"PyTorch product, {p}", f"{check[p]:.0f} GFLOP/s") for p in products]
    return Grid("Machine", ("", ""), tuple(rows))


def resources_grid(lines: list[Document]) -> Grid:
    """Registers, shared memory and occupancy of our kernels."""
    found = of_part(lines, "resources")
    names = list(dict.fromkeys(key for line in found for key in line if key != "part"))
    rows = tuple(tuple(str(line.get(name, "")) for name in names) for line in found)
    return Grid("Kernels", tuple(names), rows)


def speed_grid(lines: list[Document]) -> Grid:
    """Milliseconds a sample, and the fraction of the floor that is reached."""
    headers = (
        "net", "inputs", "T", "rates %", "batch", "forward", "median", "Mop", "MB", "floor",
        "reached", "training", "median", "Mop", "MB", "floor", "reached",
    )  # fmt: skip
    rows = tuple(_speed_row(line) for line in of_part(lines, "speed"))
    return Grid("Milliseconds a sample", headers, rows, 2)


def _speed_row(row: Document) -> tuple[str, ...]:
    halves = [
        cell
        for half in ("forward", "train")
        for cell in (
            f"{row[half]['best']:.4f}",
            f"{row[half]['median']:.4f}",
            *_millions(row[f"{half}_costs"]),
            f"{row[f'{half}_floor']:.4f}",
            f"{row[f'{half}_floor'] / row[half]['best']:.1%}",
        )
    ]
    return (*_case(row), *halves)


def _millions(costs: list[Document]) -> tuple[str, str]:
    operations = sum(cost["operations"] for cost in costs)
    moved = sum(cost["read"] + cost["update"] for cost in costs)
    return f"{operations / 1e6:.1f}", f"{moved / 1e6:.1f}"


def _case(row: Document) -> tuple[str, ...]:
    case = row["case"]
    rates = rates_text(row["rates"])
    return (case["net"], case["inputs"], str(case["steps"]), rates, str(case["batch"]))


def pairs_grid(lines: list[Document]) -> Grid:
    """Ours beside the baseline; the ratio is the baseline's time over ours."""
    headers = (
        "net", "inputs", "T", "rates %", "batch", "baseline", "its rates %", "forward", "baseline",
        "ratio", "training", "baseline", "ratio",
    )  # fmt: skip
    rows = tuple(_pair_row(line) for line in of_part(lines, "compare"))
    return Grid("Milliseconds a sample beside surrogate gradients", headers, rows, 2)


def _pair_row(row: Document) -> tuple[str, ...]:
    cells = []
    for half in ("forward", "train"):
        ours, theirs = row[half]["best"], row[f"{half}_baseline"]["best"]
        cells += [f"{ours:.4f}", f"{theirs:.4f}", f"{theirs / ours:.2f}"]
    return (*_case(row), row["precision"], rates_text(row["rates_baseline"]), *cells)


def epochs_grid(lines: list[Document]) -> Grid:
    """Epochs of Fashion-MNIST by the command line; of one that was stopped, the part that was
    learnt, and what the whole would take at that speed."""
    found = (line for line in of_part(lines, "epoch") if "program" not in line)
    rows = tuple(_epoch_row(line) for line in found if line["share"] > 0)
    headers = (
        "batch", "learning rate", "learnt", "seconds", "whole epoch", "goal", "train accuracy",
        "test accuracy",
    )  # fmt: skip
    return Grid("An epoch of 784-400-R400-10, T = 400, ST-RSBP", headers, rows, 0)


def convolutions_grid(lines: list[Document]) -> Grid:
    """The same of the convolutional networks among the examples."""
    found = (line for line in of_part(lines, "epoch") if "program" in line)
    rows = tuple(
        (line["program"], *cells[:1], *cells[2:5], *cells[6:])
        for line in found
        if line["share"] > 0
        for cells in [_epoch_row(line)]
    )
    headers = (
        "program", "batch", "learnt", "seconds", "whole epoch", "train accuracy", "test accuracy",
    )  # fmt: skip
    return Grid("An epoch of convolutional networks", headers, rows, 1)


def _epoch_row(line: Document) -> tuple[str, ...]:
    accuracies = (line["train_accuracy"], line["test_accuracy"])
    whole = "" if line["share"] == 1 else "about "
    return (
        str(line["batch"]),
        f"{line['rate']:g}",
        "all" if line["share"] == 1 else f"{line['share']:.1%}, then stopped",
        f"{line['seconds']:.1f}",
        f"{whole}{line['seconds'] / line['share']:.1f}",
        f"{GOALS['1' if line['batch'] == 1 else 'more']:g}",
        *("" if accuracy is None else f"{accuracy:.2%}" for accuracy in accuracies),
    )
