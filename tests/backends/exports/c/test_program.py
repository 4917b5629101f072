"""Networks of integers in C: the bits of the reference, whatever the compiler does."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compiled_texts import compiled_text
from integer_cases import DRAWN, INPUTS, STEPS, drawn_integers, drawn_samples
from refusal import refused

from snncc.backends.exports.c.program import c_program
from snncc.backends.exports.table import EXPORTS
from snncc.backends.protocols import Samples
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.ir.expr import apply
from snncc.ir.graph import SUMS
from snncc.ir.integers.precision import Precision
from snncc.ir.model import Model, draw_model
from snncc.ir.passes.pipeline import run_model_passes
from snncc.ir.passes.quantize import Quantize

NET = """
network n {
  dt = 1 ms
  input x[2] encode spikes(duration = 9 ms)
  output y[1] : lif
  x -> y : dense
}
"""
STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror")
SANE = ("-g", "-O1", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt install gcc")


def written(model: Model, samples: Samples, folder: Path) -> None:
    trace = ReferenceSimulator(model, np.float64).trace(samples, True)
    for name, content in EXPORTS["c"].write(model, "digest", trace).files.items():
        (folder / name).write_bytes(content)


def built(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What the test program says, compiled with these options."""
    files = [folder / "net.c", folder / "test_net.c"]
    subprocess.run(["gcc", *STRICT, *options, *files, "-o", folder / "test"], check=True)
    return subprocess.run([folder / "test"], capture_output=True, text=True, check=False)


def check(seed: int, folder: Path, *options: str, sums: str, drawn: str) -> None:
    draw, samples = DRAWN[drawn]
    written(draw(seed, sums), samples(seed), folder)
    ran = built(folder, *options)
    assert (ran.returncode, ran.stderr) == (0, ""), (seed, ran.stdout, ran.stderr)
    assert "every spike and every state is equal" in ran.stdout


@needs_gcc
@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize("seed", range(300, 302))
def test_drawn_networks(seed, sums, drawn, tmp_path) -> None:
    check(seed, tmp_path, "-O0", sums=sums, drawn=drawn)


NIGHTLY = pytest.mark.nightly


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize("count", [2, pytest.param(200, marks=NIGHTLY)])
@pytest.mark.parametrize("sums", SUMS)
@pytest.mark.parametrize(
    "options",
    [
        ("-O3",),
        SANE,
        pytest.param(("-O0",), marks=NIGHTLY),
        pytest.param(("-O2", "-m32"), marks=NIGHTLY),
    ],
    ids=" ".join,
)
def test_many_drawn_networks(options, sums, count, drawn, tmp_path) -> None:
    probe = tmp_path / "probe.c"
    probe.write_text("#include <stdint.h>\nint main(void) { return 0; }\n")
    able = subprocess.run(["gcc", *options, probe, "-o", tmp_path / "probe"], capture_output=True)
    if able.returncode:
        pytest.skip(f"this gcc has no {' '.join(options)}: apt install gcc-multilib")
    for seed in range(count):
        check(seed, tmp_path, *options, sums=sums, drawn=drawn)


@needs_gcc
def test_a_difference_is_found(tmp_path) -> None:
    model = drawn_integers(301)
    graph = model.graph
    wrong = tuple(
        p
        if p.step is None or p.step.threshold is None
        else replace(p, step=replace(p.step, threshold=apply("not", p.step.threshold)))
        for p in graph.populations
    )
    written(model, drawn_samples(301), tmp_path)
    other = c_program(replace(model, graph=replace(graph, populations=wrong)), "digest")
    (tmp_path / "net.c").write_text(other.source)
    ran = built(tmp_path)
    assert ran.returncode == 1
    assert ran.stdout.startswith("sample 0, step ")


def test_floats_are_refused() -> None:
    floats = draw_model(compiled_text(NET).graph, 0)
    assert "quantize it first" in (refused("E071", c_program, floats, "").help or "")


def test_the_same_text_every_time() -> None:
    one, other = (c_program(drawn_integers(5), "digest") for _ in range(2))
    assert (one.header, one.source) == (other.header, other.source)


@needs_gcc
@pytest.mark.parametrize("state", ["spikes", "past", "now"])
def test_names_that_would_be_one(state, tmp_path) -> None:
    """`y` with a state `spikes`, and what `y` fires: one of them has a number behind it."""
    text = ODD.replace("STATE", state) + NET.replace(": lif", ": odd").replace(
        "dense", "dense delay 2 ms"
    )
    text = text.replace("x -> y", "y -> y : dense delay 1 ms\n  x -> y")
    text = text.replace("x[2]", f"x[{INPUTS}]").replace("9 ms", f"{STEPS} ms")
    model = run_model_passes(draw_model(compiled_text(text).graph, 0))
    made = run_model_passes(model, (Quantize(Precision(guard=0)),))
    written(made, drawn_samples(1), tmp_path)
    assert f"y_{state}_2" in (tmp_path / "net.h").read_text()
    assert built(tmp_path).returncode == 0


ODD = """
neuron odd {
  state STATE: mV = 0 mV
  on input { STATE = STATE + i }
  spike when STATE >= 2 mV
  on spike { STATE = 0 mV }
}
"""
