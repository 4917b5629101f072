"""NIR files of ours in the readers of other tools, spike by spike.

    python -m venv .peers && .peers/bin/pip install nir==1.0.8 nirtorch==2.6 snntorch==1.0.0 \
        norse==1.1.0 torch
    python benchmarks/nir_peers.py --peers .peers/bin/python [--check]

Networks whose conventions the tool has are compared in every bin of their output; those whose
conventions it has not are told with what it does. With `--check` the former must be equal.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from snncc import load
from snncc.backends.exports.nir.form import nir_file
from snncc.runtime.loading import Options, load_package

Spikes = npt.NDArray[np.bool_]
STEPS = 400

LAYERS = """
network net {
  dt = DT ms
  delay = 0 ms
  input x[12] encode spikes(duration = 400 * DT ms)
  population a[9] : cell
  output y[5] : cell
  x -> a : dense(init = uniform(-0.4, 1))
  a -> y : dense(init = uniform(-0.4, 1))
}
"""
PLANES = """
network net {
  dt = DT ms
  delay = 0 ms
  input x[2, 8, 8] encode spikes(duration = 400 * DT ms)
  population c : cell
  population p : linear
  output y[5] : cell
  x -> c : conv2d(channels = 3, kernel = 3, init = uniform(-0.4, 0.8))
  c -> p : pool2d(kernel = 2)
  p -> y : dense(init = uniform(-0.4, 0.5))
}
"""
LOOP = (
    LAYERS.replace("a -> y", "a -> a : dense(init = uniform(-1, 0.5))  delay DT ms as W\n  a -> y")
    .replace(" a ", " rec_x2elif ")
    .replace("population a[", "population rec_x2elif[")
    .replace("as W", "as rec_x2ew")
)
LEAK = """
neuron cell {
  param tau: ms = 20 * DT ms
  state v: mV = 0 mV
  on input { v = v + i }
  dv/dt = -v / tau
  spike when v > 1.7 mV
  on spike { v = 0 mV }
}
"""
UNIT = LEAK.replace("on input { v = v + i }", "").replace("-v", "(20 * i - v)")
PLAIN = LEAK.replace("dv/dt = -v / tau", "")
CURRENT = """
neuron cell {
  param tau_mem: ms = 20 * DT ms
  param tau_syn: ms = 10 * DT ms
  state v: mV = 0 mV
  state c: mV = 0 mV
  on input { c = c + i }
  dv/dt = -v / tau_mem + c / (DT * 1 ms)
  dc/dt = -c / tau_syn
  spike when v > 25 mV
  on spike { v = 0 mV }
}
"""


@dataclass(frozen=True)
class Case:
    """A program, in a step of `dt` [ms], for a tool. `meets`: whether the tool has its
    conventions; else `why` not."""

    tool: str
    program: str
    dt: float
    why: str = ""

    @property
    def meets(self) -> bool:
        """Whether every spike must be equal."""
        return not self.why


CASES = {
    "lif": Case("snntorch", LEAK + LAYERS, 0.1),
    "gain_of_1": Case("snntorch", UNIT + LAYERS, 0.1),
    "current": Case("snntorch", CURRENT + LAYERS, 0.1),
    "loop": Case("snntorch-parts", LEAK + LOOP, 0.1),
    "loop_whole": Case("snntorch", LEAK + LOOP, 0.1, "it leads inputs through the loop's weights"),
    "if": Case("snntorch", PLAIN + LAYERS, 0.1, "it lets IF leak by a factor of 0.9"),
    "lif_1ms": Case("snntorch", LEAK + LAYERS, 1.0, "its step is 0.1 ms"),
    "unit": Case("norse", UNIT.replace("20 * i", "i").replace("1.7", "0.08") + LAYERS, 1.0),
    "currents": Case("norse", CURRENT + LAYERS, 1.0),
    "planes": Case("norse", UNIT.replace("20 * i", "i").replace("1.7", "0.08") + PLANES, 1.0),
    "ifs": Case("norse", PLAIN + LAYERS, 1.0),
    "gain": Case("norse", LEAK + LAYERS, 1.0, "it takes r of LIF for 1"),
}


def written(name: str, case: Case, folder: Path) -> Spikes:
    """The file and the inputs in the folder; what ours does with them [steps, neurons]."""
    program = folder / f"{name}.snn"
    program.write_text(case.program.replace("DT", f"{case.dt:g}"))
    model = load_package(program, Options(target="reference")).model
    (folder / f"{name}.{case.tool}.nir").write_bytes(nir_file(model, False)[0])
    inputs = np.random.default_rng(1).random((1, STEPS, model.graph.population("x").neurons)) < 0.2
    np.save(folder / f"{name}.npy", inputs[0])
    found = load(program, target="reference").run(inputs)
    made = np.zeros((STEPS, model.graph.population("y").neurons), bool)
    made[tuple(found.spikes["y"][:, 1:].T)] = True
    return made


def told(name: str, case: Case, folder: Path, ours: Spikes) -> tuple[bool, str]:
    """Whether all is as it must be, and what there is to see."""
    start = folder / f"{name}.{case.tool}"
    refused, made = (
        start.with_suffix(f".{case.tool}.txt"),
        start.with_suffix(f".{case.tool}.out.npy"),
    )
    if refused.exists():
        return not case.meets, f"refused: {refused.read_text()}"
    theirs = np.load(made) > 0
    differ = int((ours != theirs).sum())
    said = f"{int(ours.sum())} spikes in {ours.size} bins, {differ} bins differ"
    return not case.meets or (not differ and bool(ours.any())), said


def main() -> int:
    """0 where every spike that must be equal is."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peers", default=sys.executable, help="the Python that has the tools")
    options.add_argument("--check", action="store_true", help="end with 1 where a spike differs")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = {name: written(name, case, folder) for name, case in CASES.items()}
        readers = Path(__file__).with_name("nir_readers.py")
        command = [given.peers, str(readers), str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = {name: told(name, case, folder, ours[name]) for name, case in CASES.items()}
    for name, (_, said) in rows.items():
        case = CASES[name]
        print(f"{case.tool:14} {name:10} {said}" + (f" ({case.why})" if case.why else ""))
    bad = [name for name, (is_right, _) in rows.items() if not is_right]
    print(f"unexpected: {', '.join(bad)}" if bad else "as expected")
    return 1 if bad and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
