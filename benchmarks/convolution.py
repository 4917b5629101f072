"""Training of convolutional networks beside PyTorch's, in turns, in one process.

    python benchmarks/convolution.py [--turns 7] [--threads 2] [--batches 1 50] [--json FILE]

Milliseconds a sample of a training step on images of MNIST: forward, backward, update, and the
memory that learning takes beside the weights, each in a process of its own. Both begin with weights
that ours learnt from the first images, so that layers are as active as those of trained networks.
TSSL-BP is the same computation in both: gradients of one batch are compared before anything is
timed. ST-RSBP's peer is the same network by surrogate gradients through time: how often its layers
fire is compared. `pip install torch` first.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import Grid, add_outputs, publish
from through_time import Finding, grid_of, timed

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.targets import TARGETS
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.graph import Call
from snncc.ir.model import draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.datasets.table import load
from snncc.runtime.samples import present
from snncc.runtime.settings import settings_from

Array = npt.NDArray[Any]
RATE, SEED = 5e-4, 1  # learning rate; of the weights
MEAN, SD = 0.1307, 0.3081
EXAMPLES = Path(__file__).parents[1] / "examples"
TSSL = f"""
network net {{
  dt = 1 ms
  delay = 0 ms
  input      image[1, 28, 28] encode current(duration = 5 ms, mean = {MEAN}, sd = {SD})
  population c1        : tssl
  population p1        : linear
  population c2        : tssl
  population p2        : linear
  population h[300]    : tssl
  output     digit[10] : tssl
  image -> c1    : conv2d(channels = 15, kernel = 5, init = uniform(-0.2, 0.2))
  c1    -> p1    : pool2d(kernel = 2, init = constant(1.1))
  p1    -> c2    : conv2d(channels = 40, kernel = 5, init = uniform(-0.0516, 0.0516))
  c2    -> p2    : pool2d(kernel = 2, init = constant(1.1))
  p2    -> h     : dense(init = kaiming)
  h     -> digit : dense(init = kaiming)
}}
train net {{
  data mnist
  rule tssl_bp
  loss kernel(tau = 3 ms, target = [0, 1, 1, 1, 1])
  optimizer adam(lr = {RATE})
  schedule constant
  boost off
  batch 50
}}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A network in both; `peer` is a module and its class. Both begin after `learnt` images, in
    batches of `batch`; `is_same`: both compute the same."""

    name: str
    text: str
    peer: str
    learnt: int
    batch: int
    is_same: bool


CASES = (
    Case(
        "TSSL-BP 15C5-P2-40C5-P2-300-10, T = 5", TSSL, "convolution_torch.TsslMnist", 4000, 50, True
    ),
    Case(
        "ST-RSBP 15C5-P2-40C5-P2-300-10, T = 400",
        (EXAMPLES / "mnist_cnn_st.snn").read_text(encoding="utf-8"),
        "convolution_torch.SurrogateMnist",
        500,
        1,
        False,
    ),
)


def trained(case: Case, threads: int, count: int) -> tuple[Trainer, Samples]:
    """Ours, after the case's images, and so many that it has not seen."""
    program = compile_text(Source("net.snn", case.text))
    program = Program(run_pipeline(program.graph), program.train)
    assert program.train is not None
    make, settings = TARGETS["cpu"].train, settings_from(os.environ)
    assert make is not None
    model = draw_model(program.graph, SEED)
    trainer = make(model, program.train, threads, settings.kernel_folder)
    data = load(Call("mnist"), "train", settings)
    samples = present(program.graph, data.first(case.learnt + count), "train")
    if case.learnt:
        trainer.train(samples.pick(np.arange(case.learnt)), case.batch, RATE)
    return trainer, samples.pick(np.arange(case.learnt, case.learnt + count))


def peer_of(case: Case, trainer: Trainer, threads: int) -> Any:
    """The other library's, with the same weights."""
    module, _, name = case.peer.partition(".")
    learnt = {p.name for p in trainer.graph.projections if p.trainable}
    weights = {n: w for n, w in trainer.weights().items() if n in learnt}
    return getattr(import_module(module), name)(weights, trainer.steps, RATE, threads)


def numbers_of(case: Case, samples: Samples) -> npt.NDArray[np.float32]:
    """What the inputs send, as our encoding says; of a poisson image the values."""
    values = samples.values[samples.rows].astype(np.float32)
    return (values - np.float32(MEAN)) / np.float32(SD) if case.is_same else values


def require_equal(case: Case) -> None:
    """Exit unless both find the same gradients of a batch."""
    trainer, few = trained(case, 1, 8)
    before = trainer.state()
    peer = peer_of(case, trainer, 1)
    empty = {n: np.zeros_like(v) if "optimizer" in n else v for n, v in before.items()}
    trainer.restore(empty)
    trainer.train(few, 8, 1e-30)
    moments = trainer.state()
    for name, gradient in peer.sums(numbers_of(case, few), few.labels).items():
        mine, theirs = moments[f"optimizer/first/{name}"] / np.float32(0.1), gradient / 8
        far = np.abs(mine - theirs).max() / np.abs(theirs).max()
        # A spike within rounding of its threshold may fall either way.
        if not far < 0.02:
            sys.exit(f"{case.name}: the gradients of `{name}` differ by {far:.2g} of the largest")


def require_as_active(case: Case) -> None:
    """Exit unless the layers of both fire as often, within what the draw of the inputs leaves."""
    trainer, few = trained(case, 1, 8)
    mine = list(_rates(trainer, few).values())
    peer = peer_of(case, trainer, 1)
    sent, _ = peer.spikes(peer.present(import_module("torch").tensor(numbers_of(case, few))))
    theirs = [100 * float(spikes.mean()) for spikes in sent]
    if not np.allclose(mine, theirs, rtol=0.05):
        sys.exit(f"{case.name}: rates {mine} of ours, {theirs} of the other's")


def growth(case: Case, who: str, batch: int) -> float:
    """[MB] by which a process grows that learns from two batches for the first time, but for what
    it has compiled by then."""
    command = [sys.executable, __file__, "--grow", who, case.name, str(batch)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(ended.stdout))


def grow(who: str, name: str, batch: int) -> float:
    """`growth`, in this process."""
    case = next(c for c in CASES if c.name == name)
    fresh = Case(case.name, case.text, case.peer, 0, 1, case.is_same)
    grown = 0.0
    for _ in range(2):
        trainer, some = trained(fresh, 1, 2 * batch)

        def mine(trainer: Trainer = trainer, some: Samples = some) -> None:
            trainer.train(some, batch, RATE)

        learn = mine
        if who == "peer":
            peer = peer_of(case, trainer, 1)
            learn = peer.learner(numbers_of(case, some), some.labels, batch)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _memory("VmRSS")
        learn()
        grown = _memory("VmHWM") - before
        KEPT.append((trainer, learn))  # what it holds is not given to the next
    return grown


KEPT: list[Any] = []


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def measure(case: Case, batch: int, given: argparse.Namespace) -> Finding:
    """Ours and the peer's by turns."""
    count = 2 * max(batch, 25)
    trainer, some = trained(case, given.threads, count)
    rates = _rates(trainer, some)
    trainer.train(some, batch, RATE)
    peer = peer_of(case, trainer, given.threads)
    theirs = peer.learner(numbers_of(case, some), some.labels, batch)

    def mine() -> None:
        trainer.train(some, batch, RATE)

    pairs = []
    for turn in range(given.turns + 1):
        order: tuple[Callable[[], None], ...] = (mine, theirs) if turn % 2 == 0 else (theirs, mine)
        found = {learn: timed(learn, count, given.turn) for learn in order}
        pairs.append((found[mine], found[theirs]))
    a, b = np.array(pairs[1:]).T
    lower, ratio, upper = (float(q) for q in np.quantile(b / a, (0.25, 0.5, 0.75)))
    return Finding(
        case.name, batch, rates, float(np.median(a)), float(np.median(b)), ratio, lower, upper,
    )  # fmt: skip


def _rates(trainer: Trainer, samples: Samples) -> dict[str, float]:
    """Spikes a neuron and step in per cent, of the populations that fire."""
    activity, graph = trainer.run(samples).activity, trainer.graph
    ends = np.cumsum([0, *(p.neurons for p in graph.populations)])
    return {
        p.name: float(100 * activity[lo:hi].mean() / (len(samples.ids) * trainer.steps))
        for p, lo, hi in zip(graph.populations, ends[:-1], ends[1:], strict=True)
        if activity[lo:hi].any()
    }


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Convolutional networks beside PyTorch's.")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--turn", type=float, default=1.5, help="its seconds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 50])
    parser.add_argument("--cases", nargs="+", help="those whose names begin so")
    parser.add_argument("--grow", nargs=3, help=argparse.SUPPRESS)
    add_outputs(parser)
    return parser.parse_args()


def main() -> None:
    """Compare, print the table, write the JSON."""
    given = parse_arguments()
    if given.grow:
        print(json.dumps(grow(given.grow[0], given.grow[1], int(given.grow[2]))))
        return
    findings: list[dict[str, Any]] = []
    for case in CASES:
        if given.cases and not case.name.startswith(tuple(given.cases)):
            continue
        (require_equal if case.is_same else require_as_active)(case)
        for batch in given.batches:
            found = asdict(measure(case, batch, given))
            both = {f"{who}_mb": growth(case, who, batch) for who in ("ours", "peer")}
            findings.append({**found, **both})
            print(findings[-1], file=sys.stderr, flush=True)
    where = f"--threads {given.threads}, load {os.getloadavg()[0]:.1f}"
    publish({"convolution": with_memory(grid_of(findings, where), findings)}, findings, given)


def with_memory(grid: Grid, findings: list[dict[str, Any]]) -> Grid:
    """The table, and what learning takes."""
    rows = tuple(
        (*row, f"{f['ours_mb']:.0f}", f"{f['peer_mb']:.0f}")
        for row, f in zip(grid.rows, findings, strict=True)
    )
    return Grid(grid.title, (*grid.headers, "ours, MB", "peer, MB"), rows, grid.labels)


if __name__ == "__main__":
    main()
