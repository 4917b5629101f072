"""How long the compiler takes for a generated network of many populations.

    python benchmarks/compile_time.py [--populations 10000] [--json compile_time.json]

The network is a chain of small populations with one projection each, in two forms: every statement
written out, and a loop. Each stage is timed in this process, the best of three runs; then the whole
`snncc compile`, from the start of Python to the written package, as a user waits for it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from snncc.backends.compiled.plan import make_plan
from snncc.frontend.program import compile_text, survey_text
from snncc.frontend.syntax.parser import parse
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Graph
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.ir.text import print_graph

GOAL = 5.0  # seconds of `snncc compile` for 10 000 populations


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one stage for one form of the program."""

    form: str
    stage: str
    seconds: float


class Stopwatch:
    """Seconds by stage; of several runs the best is kept."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}
        self.last = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        self.restart()
        yield
        self.lap(name)

    def restart(self) -> None:
        """Time from here on."""
        self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the stage of that name and start the next."""
        now = time.perf_counter()
        self.best[name] = min(self.best.get(name, float("inf")), now - self.last)
        self.last = now


def statements(populations: int) -> str:
    """The chain, written out: a population and a projection a line."""
    lines = [f"  population p{k}[2] : lif(v_th = {10 + k % 7} mV)" for k in range(populations)]
    lines += [f"  p{k - 1} -> p{k} : dense" for k in range(1, populations)]
    return _network(lines, "p0", f"p{populations - 1}")


def loop(populations: int) -> str:
    """The same chain as loops over an array of populations."""
    last = populations - 1
    lines = [
        f"  population p[k in 0..{populations}][2] : lif(v_th = (10 + k % 7) * 1 mV)",
        f"  for k in 1..{populations} {{ p[k - 1] -> p[k] : dense }}",
    ]
    return _network(lines, "p[0]", f"p[{last}]")


def _network(lines: list[str], first: str, last: str) -> str:
    head = ["network chain {", "  dt = 1 ms", "  delay = 1 ms"]
    ends = [
        "  input x[4] encode poisson(duration = 10 ms, rate = 100 Hz)",
        "  output y[2] : lif",
    ]
    joins = [f"  x -> {first} : dense", f"  {last} -> y : dense"]
    return "\n".join([*head, *ends, *lines, *joins, "}", ""])


FORMS: dict[str, Callable[[int], str]] = {"statements": statements, "loop": loop}


def measure(populations: int = 10_000, repeats: int = 3) -> tuple[Timing, ...]:
    """The time of every stage for both forms."""
    timings: list[Timing] = []
    for form, write in FORMS.items():
        source = Source(f"{form}.snn", write(populations))
        watch = Stopwatch()
        for _ in range(repeats):
            time_stages(source, watch)
        watch.best["snncc compile"] = min(command_seconds(source) for _ in range(repeats))
        timings += [Timing(form, stage, seconds) for stage, seconds in watch.best.items()]
    return tuple(timings)


def time_stages(source: Source, watch: Stopwatch) -> None:
    """Time each stage of the compiler once."""
    with watch.stage("parse"):
        parse(source)
    with watch.stage("check (parse to diagnostics)"):
        assert survey_text(source).diagnostics == ()
    with watch.stage("front end (parse to graph)"):
        graph = compile_text(source).graph
    watch.restart()
    graph = run_pipeline(graph, lambda name, _: watch.lap(f"pass {name}, verified"))
    time_back_end(graph, watch)


def time_back_end(graph: Graph, watch: Stopwatch, seed: int = 0) -> None:
    """Time what happens to a scheduled graph."""
    with watch.stage("wiring and initial weights"):
        model = draw_model(graph, seed)
    with watch.stage("layout for the CPU"):
        make_plan(model)
    with watch.stage("text form"):
        print_graph(graph)


def command_seconds(source: Source) -> float:
    """Seconds of the whole `snncc compile` as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, source.name)
        path.write_text(source.text)
        out = path.with_suffix(".snnpkg")
        command = [sys.executable, "-m", "snncc", "compile", str(path), "--target", "cpu"]
        start = time.perf_counter()
        subprocess.run([*command, "--quiet", "--out", str(out)], check=True)
        return time.perf_counter() - start


def table(timings: tuple[Timing, ...]) -> str:
    """The seconds of each stage, a column a form."""
    forms = list(FORMS)
    seconds = {(t.form, t.stage): t.seconds for t in timings}
    stages = list(dict.fromkeys(t.stage for t in timings))
    lines = [f"{'stage':32}" + "".join(f"{form:>12}" for form in forms)]
    lines += [
        f"{stage:32}" + "".join(f"{seconds[form, stage]:10.3f} s" for form in forms)
        for stage in stages
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Time the compiler on a generated network.")
    parser.add_argument("--populations", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the best counts")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    timings = measure(options.populations, options.repeats)
    print(f"{options.populations} populations; goal of `snncc compile`: {GOAL:g} s for 10 000")
    print(table(timings))
    if options.json:
        rows = [asdict(t) for t in timings]
        document = {"populations": options.populations, "goal": GOAL, "timings": rows}
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
