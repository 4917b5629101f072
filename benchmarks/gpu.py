"""The parts of `gpu.sh` that are Python; each appends lines of JSON to --lines.

    python benchmarks/gpu.py machine | speed | compare --lines gpu.jsonl
    python benchmarks/gpu.py report --lines gpu.jsonl --out folder
    python benchmarks/gpu.py floors
    python benchmarks/gpu.py kernels

`machine` measures the roofline of the card, `speed` times our training on it, `compare` times it
in turns with the PyTorch baseline, `report` writes gpu.md and gpu.json. `floors` needs no GPU:
what the counted operations and bytes take on a card of the data sheet. `kernels` compiles those of
`speed`, `compare` and through_time.py, so that they need not. `program`, `epoch`, `resources` and
`through_time` are for the script: the program with another learning rate, and what other commands
said.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from cost import floor_ms, totals
from gpu_machine import cross_check, datasheet, measure
from gpu_report import (
    CARD,
    epoch_lines,
    machine_line,
    machine_of,
    markdown,
    part_of_epoch,
    read_lines,
    resources_in,
    write_line,
)
from nets import compile_net
from programs import NETS, SEED
from speed import Options, card_costs, cases, compare, count_spikes, speed
from tables import Grid, rates_text, to_markdown
from through_time import CASES, program_of

from snncc.backends.cuda.build import build_ptx
from snncc.backends.cuda.found import arch_here
from snncc.backends.cuda.launch import DEFAULT_ARCH
from snncc.backends.cuda.resources import kept_cubin, known_arch
from snncc.backends.trainers.cuda_kernels import kernel_program
from snncc.ir.model import draw_model
from snncc.runtime.host import git_commit, versions
from snncc.runtime.settings import settings_from

Given = argparse.Namespace
FLOOR_BATCHES = (1, 128, 1024)
IN_TIME = tuple(case.name for case in CASES[:3])  # those of gpu.sh


PRESET = Options(
    nets=("active liquid", "active dense", "sleepy liquid"),
    batches=(1, 32, 128, 1024, 4096),
    fewest=64,
)


def options_of(given: Given) -> Options:
    """What the command line asks for."""
    return replace(
        PRESET,
        nets=tuple(given.nets or PRESET.nets),
        steps=tuple(given.steps or PRESET.steps),
        inputs=tuple(given.inputs or PRESET.inputs),
        batches=tuple(given.batches or PRESET.batches),
        hidden=given.hidden,
        until=time.monotonic() + given.seconds,
    )


def show(text: str) -> None:
    """Say what goes on."""
    print(text, file=sys.stderr, flush=True)


def machine_part(given: Given) -> None:
    """The roofline, and PyTorch's figures."""
    found = {name: v for name, v in versions().items() if name in ("python", "numpy")}
    found |= {name: version(name) for name in ("numba", "numba-cuda", "torch", "triton")}
    commit = git_commit(Path(__file__).parent) or "unknown"
    write_line(given.lines, "about", {"commit": commit[:12], **found})
    write_line(given.lines, "machine", machine_line(measure(tuple(found.items()))))
    write_line(given.lines, "machine", {"check": asdict(cross_check())})


def kernels_part(given: Given) -> None:
    """The kernels of all networks, a process each."""
    nets = (*options_of(given).nets, *IN_TIME)
    with ProcessPoolExecutor(len(nets), get_context("spawn")) as pool:
        for net, seconds in zip(nets, pool.map(make_kernels, nets), strict=True):
            show(f"{net}: {seconds:.1f} s")


def make_kernels(net: str) -> float:
    """Machine code for the card at hand, or PTX for one of DEFAULT_ARCH; the seconds it took."""
    start, folder = time.monotonic(), settings_from(os.environ).kernel_folder
    case = next((case for case in CASES if case.name == net), None)
    program = compile_net(net, PRESET.steps[0]) if case is None else program_of(case, case.encoding)
    model = draw_model(program.graph, SEED)
    arch = known_arch(arch_here() or DEFAULT_ARCH)
    for spec in (None, program.train):
        ptx = build_ptx(kernel_program(model, spec), arch, folder)
        kept_cubin(ptx.text, arch, folder)
    return time.monotonic() - start


def speed_part(given: Given) -> None:
    """Our times."""
    machine = machine_of(read_lines(given.lines))
    for row in speed(given.target, options_of(given), machine, show, card_costs):
        write_line(given.lines, "speed", asdict(row))


def compare_part(given: Given) -> None:
    """Ours and PyTorch's."""
    from torch_baseline import engines

    made = partial(engines, device=given.device, precisions=given.precisions)
    for pair in compare(given.target, options_of(given), made, show):
        write_line(given.lines, "compare", asdict(pair))


def floors_part(given: Given) -> None:
    """The floors by the data sheet, as a table."""
    print(to_markdown(floors_grid(options_of(given), given.target)))


def floors_grid(options: Options, target: str) -> Grid:
    """Operations, bytes and floors of a card, a sample of every case."""
    card, rows = datasheet(CARD), []
    for case, subject, samples in cases(target, options, show):
        activity = count_spikes(subject, samples, options.presented)
        costs = card_costs(subject.network, activity, case.batch)
        operations, moved = (f"{amount / 1e6:.1f}" for amount in totals(costs))
        floor = 1e3 * floor_ms(costs, card, 1)
        rates = rates_text(activity.rates(subject.network))
        epoch = f"{floor * 60_000 / 1e6:.2f}"
        named = (case.net, case.inputs, str(case.steps), rates, str(case.batch))
        rows.append((*named, operations, moved, f"{floor:.1f}", epoch))
    headers = ("net", "inputs", "T", "rates %", "batch", "Mop", "MB", "floor µs", "epoch s")
    return Grid(f"A sample's training on a {card.cpu} by its data sheet", headers, tuple(rows), 2)


def program_part(given: Given) -> None:
    """The recurrent network as a program, with a learning rate and a number of steps."""
    text = NETS["sleepy liquid"].text.replace("lr = 1e-3", f"lr = {given.rate:g}")
    print(text.replace("duration: ms = 400 ms", f"duration: ms = {(given.steps or [400])[0]} ms"))


def epoch_part(given: Given) -> None:
    """What `snncc train --json` said, on the standard input; where it was stopped before the end
    of an epoch, what the run's folder says."""
    found = list(epoch_lines(sys.stdin.read()))
    if not found and given.run is not None:
        found = list(part_of_epoch(given.run))
    for line in found:
        named = {"batch": given.batches[0], "rate": given.rate, **line}
        if given.program is not None:
            named["program"] = given.program
        write_line(given.lines, "epoch", named)


def resources_part(given: Given) -> None:
    """What `snncc inspect --json` said of the kernels, on the standard input."""
    for line in resources_in(json.load(sys.stdin)):
        write_line(given.lines, "resources", line)


def through_time_part(given: Given) -> None:
    """What `through_time.py` wrote."""
    for line in json.loads(given.found.read_text()):
        write_line(given.lines, "through_time", line)


def report_part(given: Given) -> None:
    """gpu.md and gpu.json."""
    lines = read_lines(given.lines)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "gpu.md").write_text(markdown(lines))
    (given.out / "gpu.json").write_text(json.dumps(lines, indent=1) + "\n")
    print(markdown(lines))


PARTS: dict[str, Callable[[Given], None]] = {
    "machine": machine_part,
    "kernels": kernels_part,
    "speed": speed_part,
    "compare": compare_part,
    "floors": floors_part,
    "program": program_part,
    "epoch": epoch_part,
    "resources": resources_part,
    "through_time": through_time_part,
    "report": report_part,
}


def parse_arguments(arguments: list[str] | None = None) -> Given:
    """The command line."""
    parser = argparse.ArgumentParser(description="Time training on a GPU; see gpu.sh.")
    parser.add_argument("part", choices=list(PARTS))
    out = Path(__file__).parent / "out"
    parser.add_argument("--lines", type=Path, default=out / "gpu.jsonl")
    parser.add_argument("--out", type=Path, default=out, help="folder of the report")
    parser.add_argument("--target", default="gpu")
    parser.add_argument("--device", default="cuda", help="of PyTorch")
    parser.add_argument("--precisions", nargs="+", default=["bf16", "tf32"])
    parser.add_argument("--seconds", type=float, default=3600.0, help="no case begins after them")
    parser.add_argument("--nets", nargs="+", choices=list(NETS))
    parser.add_argument("--steps", nargs="+", type=int)
    parser.add_argument("--inputs", nargs="+")
    parser.add_argument("--batches", nargs="+", type=int)
    parser.add_argument("--hidden", type=int, default=400)
    parser.add_argument("--run", type=Path, help="of epoch: the folder of the run")
    parser.add_argument("--program", help="of epoch: an example in place of 784-400-R400-10")
    parser.add_argument("--found", type=Path, help="of through_time: its figures")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    return parser.parse_args(arguments)


def main() -> None:
    """Run a part."""
    given = parse_arguments()
    PARTS[given.part](given)


if __name__ == "__main__":
    main()
