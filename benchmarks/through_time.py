"""Learning through time beside PyTorch and Spyx, in turns, in one process, on the same threads.

    python benchmarks/through_time.py [--turns 7] [--threads 2] [--json FILE] [--page FILE]
    python benchmarks/through_time.py --cases STBP TSSL         only those whose names begin so
    python benchmarks/through_time.py --target gpu --device cuda --batches 1 128 1024

Milliseconds a sample of a training step: drawing the input, forward, backward, update. The
gradients of both are compared on one batch before anything is timed. `pip install torch` first, and
for the case of Spyx `pip install spyx jax`, which takes all processors whatever `--threads` says.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from tables import Grid, add_outputs, publish, rates_text

from snncc.backends.protocols import Samples, Trainer
from snncc.backends.targets import TARGETS
from snncc.frontend.program import Program, compile_text
from snncc.ir.diagnostics import Source
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_pipeline
from snncc.runtime.settings import settings_from

Array = npt.NDArray[Any]
RATE, SEED = 1e-4, 1  # learning rate; of the weights
STBP = """
network net {
  dt = 1 ms
  delay = 0 ms
  input      image[784] encode ENCODING(duration = 30 ms)
  population h[800]     : stbp
  output     digit[10]  : stbp
  image -> h     : dense(init = uniform(-0.05, 0.051))
  h     -> digit : dense(init = uniform(-0.1, 0.1))
}
train net {
  data mnist
  rule surrogate(width = 1, curve = "rectangle")
  loss rate_mse
  optimizer adam(lr = 1e-4)
}
"""
SRNN = """
neuron cell {
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 20 ms
  spike when v > 1 mV
  on spike { v = 0 mV }
}
network net {
  dt = 1 ms
  delay = 0 ms
  input      x[700] encode ENCODING(duration = 100 ms)
  population h[256] : cell
  output     y[20]  : li_mean
  x -> h : dense(init = uniform(-0.1, 0.102))
  h -> h : dense(init = uniform(-0.1, 0.1))  delay 1 ms
  h -> y : dense(init = uniform(-0.1, 0.1))
}
train net {
  data mnist
  rule surrogate(width = 2, curve = "arctan")
  loss cross_entropy
  optimizer adam(lr = 1e-4)
}
"""
TSSL = """
network net {
  dt = 1 ms
  delay = 0 ms
  input      image[784] encode ENCODING(duration = 5 ms)
  population h1[400]    : tssl
  population h2[400]    : tssl
  output     article[10] : tssl
  image -> h1      : dense(init = kaiming)
  h1    -> h2      : dense(init = kaiming)
  h2    -> article : dense(init = kaiming)
}
train net {
  data fashion_mnist
  rule tssl_bp
  loss kernel(tau = 3 ms, target = [0, 1, 1, 1, 1])
  optimizer adam(lr = 1e-4)
}
"""


SPYX = """
neuron cell {  # Spyx resets by the threshold after the leak, in the step after a spike
  param keep: 1 = 0.95
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / 20 ms
  spike when v > 1 mV
  on spike { v = v - 1 mV / keep }
}
network net {
  dt = 1 ms
  delay = 1 ms
  input      x[784]  encode ENCODING(duration = 400 ms)
  population h1[400] : cell
  population h2[400] : cell
  output     y[10]   : li_mean
  x  -> h1 : dense(init = uniform(-0.06, 0.0615))  delay 0 ms
  h1 -> h2 : dense(init = uniform(-0.1, 0.104))
  h2 -> h2 : dense(init = uniform(-0.05, 0.05))
  h2 -> y  : dense(init = uniform(-0.1, 0.1))
}
train net {
  data mnist
  rule surrogate(width = 2, curve = "arctan")
  loss cross_entropy
  optimizer adam(lr = 1e-4)
}
"""


class Peer(Protocol):
    """Another library's form of a network, with an optimizer."""

    def __init__(self, weights: Mapping[str, Array], steps: int, rate: float, threads: int) -> None:
        """Takes over weights [pre, post] by projection."""

    def sums(self, sent: Array, labels: Array) -> Mapping[str, Array]:
        """The gradients of a batch, summed, for what its inputs send: [T, B, inputs], or [B,
        inputs] that are sent in every step."""

    def learner(self, values: Array, labels: Array, batch: int) -> Callable[[], None]:
        """What learns from all samples once, an update a batch."""


@dataclass(frozen=True, slots=True)
class Case:
    """A network in both; `density` is the probability of a spike of an input in a step, or half the
    largest of the numbers that it sends in every step."""

    name: str
    text: str
    peer: str  # module and class
    density: float
    encoding: str = "bernoulli"

    def sent(self, count: int, inputs: int) -> npt.NDArray[np.float32]:
        """What `count` samples give the encoding, f32[count, inputs]."""
        if self.encoding == "bernoulli":
            return np.full((count, inputs), self.density, np.float32)
        return 2 * self.density * np.random.default_rng(3).random((count, inputs), np.float32)


CASES = (
    Case("STBP 784-800-10, T = 30", STBP, "through_time_torch.Stbp", 0.12),
    Case("recurrent 700-256-20, T = 100", SRNN, "through_time_torch.Srnn", 0.10),
    Case("TSSL-BP 784-400-400-10, T = 5", TSSL, "through_time_torch.Tssl", 0.9, "current"),
    Case("Spyx's 784-400-R400-10, T = 400", SPYX, "through_time_spyx.Recurrent", 0.10),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Medians [ms a sample] and the quartiles of the peer's / ours over the turns."""

    name: str
    batch: int
    rates: dict[str, float]
    ours: float
    peer: float
    ratio: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Options:
    """Ours on a target, by so many threads; so many turns of so many seconds."""

    target: str
    threads: int
    turns: int
    seconds: float


def program_of(case: Case, encoding: str) -> Program:
    """A network after all passes, with its training plan."""
    program = compile_text(Source("net.snn", case.text.replace("ENCODING", encoding)))
    return Program(run_pipeline(program.graph), program.train)


def trainer_of(case: Case, encoding: str, options: Options) -> tuple[Model, Trainer]:
    """Ours, with fresh weights."""
    program = program_of(case, encoding)
    model, folder = draw_model(program.graph, SEED), settings_from(os.environ).kernel_folder
    make = TARGETS[options.target].train
    assert make is not None
    assert program.train is not None
    return model, make(model, program.train, options.threads, folder)


def peer_of(case: Case, model: Model, steps: int, threads: int) -> Peer:
    """The other library's, with the same weights."""
    module, _, name = case.peer.partition(".")
    weights = {p.name: model.weights(p.name) for p in model.graph.projections}
    made: Peer = getattr(import_module(module), name)(weights, steps, RATE, threads)
    return made


def samples_of(values: npt.NDArray[Any], outputs: int) -> Samples:
    """Rows with labels 0, 1, … in turn."""
    count = len(values)
    rows, labels = np.arange(count), np.arange(count) % outputs
    ids = rows.astype(np.uint64)
    return Samples(values, rows, ids, labels.astype(np.int32), np.ones(count, np.float32))


def require_equal(case: Case, options: Options) -> None:
    """Exit unless both find the same gradients of a batch of given spikes."""
    is_drawn = case.encoding == "bernoulli"
    model, ours = trainer_of(case, "spikes" if is_drawn else case.encoding, options)
    inputs, output = model.graph.populations[0].neurons, model.graph.populations[-1].neurons
    values = case.sent(4, inputs)
    if is_drawn:
        drawn = np.random.default_rng(3).random((4, ours.steps, inputs)) < case.density
        values, x = drawn.astype(np.uint8), drawn.transpose(1, 0, 2).astype(np.float32)
    samples = samples_of(values, output)
    ours.train(samples, 4, 1e-30)
    moments = ours.state()
    found = peer_of(case, model, ours.steps, 1).sums(x if is_drawn else values, samples.labels)
    for name, gradient in found.items():
        mine, theirs = moments[f"optimizer/first/{name}"] / np.float32(0.1), gradient / 4
        far = np.abs(mine - theirs).max() / np.abs(theirs).max()
        # A spike within rounding of its threshold may fall either way.
        if not far < 0.02:
            sys.exit(f"{case.name}: the gradients of `{name}` differ by {far:.2g} of the largest")


def timed(learn: Callable[[], object], samples: int, seconds: float) -> float:
    """Milliseconds a sample, over a turn."""
    start, rounds = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        learn()
        rounds += 1
    return 1e3 * (time.perf_counter() - start) / (rounds * samples)


def measure(case: Case, batch: int, options: Options) -> Finding:
    """Ours and the peer's by turns."""
    model, ours = trainer_of(case, case.encoding, options)
    peer = peer_of(case, model, ours.steps, options.threads)
    inputs, outputs = model.graph.populations[0].neurons, model.graph.populations[-1].neurons
    several = max(batch, 32)
    values = case.sent(several, inputs)
    samples = samples_of(values, outputs)
    theirs = peer.learner(values, samples.labels, batch)

    def mine() -> None:
        ours.train(samples, batch, RATE)

    mine()
    theirs()
    pairs = []
    for turn in range(options.turns):
        order = (mine, theirs) if turn % 2 == 0 else (theirs, mine)
        found = {learn: timed(learn, several, options.seconds) for learn in order}
        pairs.append((found[mine], found[theirs]))
    a, b = np.array(pairs).T
    lower, ratio, upper = (float(q) for q in np.quantile(b / a, (0.25, 0.5, 0.75)))
    activity = ours.run(samples).activity
    ends = np.cumsum([0, *(p.neurons for p in model.graph.populations)])
    rates = {
        p.name: float(100 * activity[lo:hi].mean() / (several * ours.steps))
        for p, lo, hi in zip(model.graph.populations, ends[:-1], ends[1:], strict=True)
        if (p.model is None and case.encoding == "bernoulli") or (p.model and p.model.spike)
    }
    return Finding(
        case.name, batch, rates, float(np.median(a)), float(np.median(b)), ratio, lower, upper
    )


def grid_of(findings: Iterable[Mapping[str, Any]], where: str) -> Grid:
    """A table of findings as they stand in a document."""
    rows = tuple(
        (
            str(f["name"]),
            str(f["batch"]),
            rates_text(f["rates"]),
            f"{f['ours']:.3g}",
            f"{f['peer']:.3g}",
            f"{f['ratio']:.2f}",
            f"{f['lower']:.2f} to {f['upper']:.2f}",
        )
        for f in findings
    )
    headers = ("network", "batch", "rates %", "ours, ms", "peer, ms", "times", "quartiles")
    return Grid(f"A sample of training through time, {where}", headers, rows, 1)


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Learning through time beside others.")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--turn", type=float, default=1.5, help="its seconds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 100])
    parser.add_argument("--cases", nargs="+", help="those whose names begin so")
    parser.add_argument("--target", default="cpu", help="of ours")
    parser.add_argument("--device", help="of PyTorch, such as cuda")
    parser.add_argument("--seconds", type=float, default=3600.0, help="no case begins after them")
    add_outputs(parser)
    return parser.parse_args()


def main() -> None:
    """Compare, print the table, write the JSON."""
    given, start = parse_arguments(), time.monotonic()
    options = Options(given.target, given.threads, given.turns, given.turn)
    if given.device is not None:
        import_module("torch").set_default_device(given.device)
    findings: list[dict[str, Any]] = []
    for case in CASES:
        if given.cases and not case.name.startswith(tuple(given.cases)):
            continue
        require_equal(case, options)
        for batch in given.batches:
            if time.monotonic() - start < given.seconds:
                findings.append(asdict(measure(case, batch, options)))
                print(findings[-1], file=sys.stderr, flush=True)
    where = f"{given.target}, {given.threads} threads, load {os.getloadavg()[0]:.1f}"
    publish({"through_time": grid_of(findings, where)}, findings, given)


if __name__ == "__main__":
    main()
