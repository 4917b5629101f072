"""Digests of what training gives, to see that a change of the code changed no bit.

    python benchmarks/golden.py --write FILE        before the change
    python benchmarks/golden.py --check FILE        after it, on the same machine

Each case is trained by `snncc train`. The digests are of its weights, of its optimizer's moments
and of its epochs' rates and costs; they hold for one machine and one version of NumPy and Numba,
which is why they are no test.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from snncc.backends.artifact.package import read_package
from snncc.backends.artifact.tensors import decode_tensors

Array = npt.NDArray[Any]
# What differs from run to run, and what the first records did not have.
LEFT_OUT = (
    *("seconds", "samples_per_second", "train_silent", "test_silent"),
    *("holdout_accuracy", "average_test_accuracy", "average_holdout_accuracy"),
)

CELL = "neuron cell = lif(tau_mem = 64 ms, tau_syn = 8 ms, refractory = 2 ms)"
OWN = """\
neuron own {
  param tau: ms = 12 ms
  param bar: mV = 40 mV
  state u: mV = 0 mV
  on input { u = u + 20 * i }
  du/dt = -u / tau
  spike when u >= bar
  on spike { u = 0 mV }
}
"""
TRAIN = """
train net {{
  data {data}
  rule {rule}
  optimizer {optimizer}
{more}}}
"""
DIGITS = f"""
network net {{
  dt = 1 ms
  delay = 1 ms
  {CELL}
  input      image[64] encode poisson(duration = 100 ms, rate = 400 Hz)
  output     digit[10] : cell(v_th = 8 mV)
  BODY
  digit -> digit : lateral_inhibition(weight = -1)
}}
"""
DENSE = "dense(init = uniform(-1, 1))"
BODIES = {
    "liquid": f"""population h[100] : cell(v_th = 10 mV)
  image -> h : {DENSE}
  h -> h : liquid(grid = [5, 5, 4], lambda = 2)
  h -> digit : {DENSE}""",
    "chain": f"""population h[100] : cell(v_th = 10 mV)
  image -> h : {DENSE}
  h -> digit : {DENSE}""",
    "delayed": f"""population h[60] : cell(v_th = 10 mV)
  population g[40] : cell(v_th = 4 mV)
  image -> h : {DENSE} delay 3 ms
  h -> g : sparse(p = 0.5, init = uniform(-1, 2)) delay 0 ms
  h -> digit : {DENSE} delay 2 ms
  g -> digit : {DENSE}""",
    "own": f"""population g[60] : own
  population h[50] : cell(v_th = 5 mV)
  image -> g : dense(init = uniform(-0.5, 1))
  g -> h : {DENSE}
  h -> digit : {DENSE}""",
    "loop": f"""population a[60] : cell(v_th = 10 mV)
  population b[40] : cell(v_th = 4 mV)
  image -> a : {DENSE}
  a -> b : {DENSE}
  b -> a : sparse(p = 0.3, init = uniform(-1, 1)) delay 2 ms
  b -> digit : {DENSE}""",
    "dense loop": f"""population h[80] : cell(v_th = 6 mV)
  image -> h : {DENSE}
  h -> h : dense(init = uniform(-0.3, 0.3))
  h -> digit : {DENSE}""",
}
ADAM, SGD = "adam(lr = 1e-3)", "sgd(lr = 1e-5, momentum = 0.9)"
PULL = "  regularizer exponential(strength = 0.05)\n  schedule logged\n"
PROFILES = ("reference", "paper", "recommended")


@dataclass(frozen=True, slots=True)
class Case:
    """A program and how it is trained."""

    name: str
    text: str
    batch: int
    samples: int
    epochs: int = 1


def rule(kind: str, profile: str) -> str:
    """A rule whose targets suit 100 steps."""
    return f'{kind}(target = 15, other = 3, margin = 2, profile = "{profile}")'


def small(body: str, kind: str, profile: str, optimizer: str = ADAM, more: str = "") -> str:
    """A program on the digits."""
    train = TRAIN.format(data="digits", rule=rule(kind, profile), optimizer=optimizer, more=more)
    return OWN + DIGITS.replace("BODY", BODIES[body]) + train


def cases(examples: Path) -> list[Case]:
    """All that is trained."""
    found = [
        Case(f"{body} {kind} {profile} {batch}", small(body, kind, profile), batch, 300)
        for body, kind in (("liquid", "st_rsbp"), ("chain", "st_rsbp"), ("chain", "hm2_bp"))
        for profile in PROFILES
        for batch in (1, 32)
    ]
    for body in ("delayed", "own", "loop", "dense loop"):
        text = small(body, "st_rsbp", "recommended", more=PULL)
        found += [Case(f"{body} {batch}", text, batch, 300) for batch in (1, 32)]
    found.append(Case("delayed hm2_bp", small("delayed", "hm2_bp", "paper", SGD), 1, 300))
    found.append(Case("liquid sgd", small("liquid", "st_rsbp", "recommended", SGD, PULL), 8, 300))
    fashion = (examples / "fashion.snn").read_text()
    found += [Case(f"fashion {batch}", fashion, batch, 2000) for batch in (1, 32)]
    mnist = (examples / "mnist_hm2.snn").read_text().replace("data mnist", "data fashion_mnist")
    found.append(Case("fashion hm2_bp", mnist, 1, 1000))
    return found


def train(case: Case, folder: Path, threads: int) -> dict[str, str]:
    """The digests of a case, by what they are of."""
    program, out = folder / "net.snn", folder / "run"
    program.write_text(case.text)
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "snncc", "train", str(program), "--out", str(out), "--quiet"),
            *("--limit", str(case.samples), "--test-limit", "100", "--batch", str(case.batch)),
            *("--epochs", str(case.epochs), "--threads", str(threads), "--seed", "1"),
        ],
        check=True,
    )
    (newest, *_) = sorted((out / "checkpoints").glob("*.snnpkg"), reverse=True)
    _, members = read_package(newest, "checkpoint")
    state = decode_tensors(members["state.safetensors"])
    records = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    for record in records:
        for name in LEFT_OUT:
            record.pop(name, None)
    weights = {n.partition("/")[2]: a for n, a in state.items() if n.startswith("weights/")}
    return {
        "weights": digest_of(weights),
        "first": digest_of(moments(state, weights, "first")),
        "second": digest_of(moments(state, weights, "second")),
        "epochs": hashlib.sha256(json.dumps(records).encode()).hexdigest()[:16],
    }


def moments(state: dict[str, Array], weights: dict[str, Array], which: str) -> dict[str, Array]:
    """A moment of all weights as a bag of numbers: the first form of a checkpoint had them in the
    kernels' order and without names, so that no more than that can be compared with it."""
    flat = state.get(f"optimizer/{which}")
    parts = [flat] if flat is not None else [state[f"optimizer/{which}/{n}"] for n in weights]
    return {"all": np.sort(np.concatenate([part.ravel() for part in parts]))}


def digest_of(arrays: dict[str, Array]) -> str:
    """The checksum of the arrays' values."""
    checksum = hashlib.sha256()
    for name in sorted(arrays):
        checksum.update(name.encode() + arrays[name].tobytes())
    return checksum.hexdigest()[:16]


def main() -> int:
    """Write or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    options = parser.parse_args()
    known = {} if options.check is None else json.loads(options.check.read_text())
    found, wrong = {}, []
    examples = Path(__file__).parent.parent / "examples"
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(examples):
            if options.only in case.name:
                found[case.name] = train(case, Path(folder), options.threads)
                print(case.name, found[case.name], flush=True)
                wrong += [
                    f"{case.name}: {what}"
                    for what, digest in found[case.name].items()
                    if known and known.get(case.name, {}).get(what) != digest
                ]
    if options.write is not None:
        options.write.write_text(json.dumps(found, indent=1) + "\n")
    print("\n".join(f"changed: {line}" for line in wrong) or "equal" if known else "written")
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
