"""Networks of the examples as Brian2 has them, from the wiring and first values that ours drew.

    python brian_models.py MODEL ARRAYS.npz FOUND.npz [--mode numpy | cython | cpp] [--runs N]

Runs in an environment of its own (see `brian.py`), and knows nothing of this project. ARRAYS.npz
has `steps`, `dt` [ms], of each projection `NAME/pre`, `NAME/post`, `NAME/weight`, perhaps
`NAME/delay` [steps as Brian2 counts them], and what else a model reads. FOUND.npz gets of each
population `NAME/step` and `NAME/neuron` of its spikes, processor
seconds of each run and seconds of all.
"""

from __future__ import annotations

import argparse
import re
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import ms, mV, nA, nS, pA, pF, uS

Arrays = Mapping[str, Any]
Parts = dict[str, Any]  # neurons by population; all else that a network has by any name


def joined(given: Arrays, parts: Parts, name: str, code: str, unit: Any = None) -> Any:
    """Synapses that do `code` with their weight w, a plain number or in a unit."""
    whole = re.sub(r"\[\d+\.\.\d+\]", "", name)  # ends are numbered in their populations
    pre, post = whole.partition("#")[0].partition(".")[0].split("->")
    model = {None: "w : 1", mV: "w : volt", pA: "w : amp"}[unit]
    delays = given.get(f"{name}/delay")
    made = b2.Synapses(parts[pre], parts[post], model, on_pre=code)
    made.connect(i=given[f"{name}/pre"], j=given[f"{name}/post"])
    made.w = given[f"{name}/weight"] * (1 if unit is None else unit)
    if delays is not None:
        made.delay = np.asarray(delays) * given["dt"] * ms
    parts[name] = made
    return made


def hodgkin_huxley(given: Arrays) -> Parts:
    """`examples/hodgkin_huxley.snn`."""
    equations = """
    dv/dt = (current + g_na*m**3*h*(50*mV - v) + g_k*n**4*(-77*mV - v)
             + g_l*(-54.387*mV - v)) / c : volt
    dm/dt = 0.1/ms/mV*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV)))*(1 - m)
            - 4/ms*exp(-(v + 65*mV)/(18*mV))*m : 1
    dh/dt = 0.07/ms*exp(-(v + 65*mV)/(20*mV))*(1 - h) - 1/ms/(1 + exp(-(v + 35*mV)/(10*mV)))*h : 1
    dn/dt = 0.01/ms/mV*(v + 55*mV)/(1 - exp(-(v + 55*mV)/(10*mV)))*(1 - n)
            - 0.125/ms*exp(-(v + 65*mV)/(80*mV))*n : 1
    before : volt
    current : amp (constant)
    """
    values = {"c": 100 * pF, "g_na": 12 * uS, "g_k": 3.6 * uS, "g_l": 0.03 * uS}
    cell = b2.NeuronGroup(
        21, equations, threshold="v > 0*mV and before <= 0*mV", reset="", method="rk4",
        namespace=values,
    )  # fmt: skip
    cell.v = cell.before = -65 * mV
    cell.m, cell.h, cell.n = 0.05293, 0.59612, 0.31768
    cell.current = np.arange(21) * 0.1 * nA
    return {"cell": cell, "kept": cell.run_regularly("before = v", when="start")}


def adex(given: Arrays) -> Parts:
    """`examples/adex.snn`."""
    equations = """
    dv/dt = (g*(rest - v) + g*slope*exp((v - v_t)/slope) - w + current) / c : volt
    dw/dt = (a*(v - rest) - w) / tau_w : amp
    """
    patterns: dict[str, dict[str, Any]] = {
        "tonic": {},
        "adapting": {"g": 12 * nS, "tau_w": 300 * ms, "b": 60 * pA},
        "bursting": {
            "c": 130 * pF, "g": 18 * nS, "rest": -58 * mV, "a": 4 * nS, "tau_w": 150 * ms,
            "b": 120 * pA, "v_r": -50 * mV, "current": 400 * pA,
        },
        "late": {
            "c": 100 * pF, "rest": -65 * mV, "tau_w": 90 * ms, "a": -10 * nS, "b": 30 * pA,
            "v_r": -47 * mV, "current": 110 * pA,
        },
    }  # fmt: skip
    usual = {
        "c": 200 * pF, "g": 10 * nS, "rest": -70 * mV, "v_t": -50 * mV, "slope": 2 * mV,
        "tau_w": 30 * ms, "a": 2 * nS, "b": 0 * pA, "v_r": -58 * mV, "current": 500 * pA,
    }  # fmt: skip
    parts: Parts = {}
    for name, own in patterns.items():
        group = b2.NeuronGroup(
            1, equations, threshold="v > 0*mV", reset="v = v_r; w += b", method="euler",
            namespace={**usual, **own},
        )  # fmt: skip
        group.v = {**usual, **own}["rest"]
        parts[name] = group
    return parts


def vogels_abbott(given: Arrays) -> Parts:
    """`examples/vogels_abbott.snn`."""
    equations = """
    dv/dt = (g_e*(0*mV - v) + g_i*(-80*mV - v) - 60*mV - v) / (20*ms) : volt (unless refractory)
    dg_e/dt = -g_e/(5*ms) : 1
    dg_i/dt = -g_i/(10*ms) : 1
    """
    parts: Parts = {}
    for name in ("exc", "inh"):
        group = b2.NeuronGroup(
            len(given[f"{name}/v"]), equations, threshold="v > -50*mV", reset="v = -60*mV",
            refractory=5.1 * ms, method="exponential_euler",
        )  # fmt: skip
        group.v, group.g_e, group.g_i = (
            given[f"{name}/v"] * mV, given[f"{name}/g_e"], given[f"{name}/g_i"],
        )  # fmt: skip
        parts[name] = group
    for name in projections(given):
        joined(given, parts, name, "g_e_post += w" if name.endswith(".exc") else "g_i_post += w")
    return parts


def cortex(given: Arrays) -> Parts:
    """`examples/cortex.snn`, with our noise."""
    parts: Parts = {}
    for name, drive in (("exc", 5.0), ("inh", 2.0)):
        noise = b2.TimedArray(given[f"{name}/noise"] * drive, dt=given["dt"] * ms)
        group = b2.NeuronGroup(
            len(given[f"{name}/r"]),
            """
            dv/dt = (0.04*v**2 + 5*v + 140 - u + noise(t, i))/ms : 1
            du/dt = a*(b*v - u)/ms : 1
            a : 1 (constant)
            b : 1 (constant)
            c : 1 (constant)
            d : 1 (constant)
            """,
            threshold="v >= 30", reset="v = c; u += d", method="euler", namespace={"noise": noise},
        )  # fmt: skip
        r, is_exc = given[f"{name}/r"].astype(float), name == "exc"
        group.a, group.b = (0.02, 0.2) if is_exc else (0.02 + 0.08 * r, 0.25 - 0.05 * r)
        group.c, group.d = (-65 + 15 * r**2, 8 - 6 * r**2) if is_exc else (-65, 2)
        group.v, group.u = -65, np.asarray(group.b) * -65
        parts[name] = group
    for name in projections(given):
        joined(given, parts, name, "v_post += w")
    # A jump that comes in the step of a spike counts, see docs/conventions.md.
    parts["schedule"] = ["start", "groups", "thresholds", "resets", "synapses", "end"]
    return parts


def synfire(given: Arrays) -> Parts:
    """`examples/synfire.snn`, with our noise and delays."""
    chain = b2.NeuronGroup(
        len(given["chain/v"]),
        """
        dv/dt = (9 + a - v)/(10*ms) + 2.8*(2/10)**0.5*noise(t, i)/ms : 1 (unless refractory)
        da/dt = (x - a)/(1.7*ms) : 1
        dx/dt = -x/(1.7*ms) : 1
        """,
        threshold="v > 15", reset="v = 0", refractory=1.1 * ms, method="exponential_euler",
        namespace={"noise": b2.TimedArray(given["chain/noise"], dt=given["dt"] * ms)},
    )  # fmt: skip
    chain.v = given["chain/v"]
    parts: Parts = {"first": played(given, "first"), "chain": chain}
    for name in projections(given):
        joined(given, parts, name, "x_post += w")
    return parts


def synapses(given: Arrays) -> Parts:
    """`benchmarks/synapses.snn`, with our inputs."""
    neuron = "dv/dt = (g - v)/(20*ms) : 1\ndg/dt = -g/(5*ms) : 1"
    parts: Parts = {"x": played(given, "x")}
    for name, count, threshold in (("a", 10, "v >= 10"), ("b", 5, "v >= 3")):
        parts[name] = b2.NeuronGroup(
            count, neuron, threshold=threshold, reset="v = 0", method="exact"
        )
    short = b2.Synapses(
        parts["x"], parts["a"],
        """
        w : 1
        du/dt = -u/(600*ms) : 1 (event-driven)
        dx/dt = (1 - x)/(130*ms) : 1 (event-driven)
        """,
        on_pre="u += 0.2*(1 - u); g_post += w*u*x; x -= u*x", method="exact",
    )  # fmt: skip
    placed(given, short, "x->a")
    short.x = 1
    parts["x->a"] = short
    for name in ("x->b", "a->a"):
        pre, post = name.split("->")
        pair = b2.Synapses(
            parts[pre], parts[post],
            """
            w : 1
            dp/dt = -p/(20*ms) : 1 (event-driven)
            dq/dt = -q/(20*ms) : 1 (event-driven)
            """,
            on_pre="g_post += w; p += 0.1; w = clip(w + q, 0, 4)",
            on_post="q -= 0.105; w = clip(w + p, 0, 4)", method="exact",
        )  # fmt: skip
        placed(given, pair, name)
        parts[name] = pair
    return parts


def placed(given: Arrays, made: Any, name: str) -> None:
    """Join the synapses as ours are, with their weights and delays."""
    made.connect(i=given[f"{name}/pre"], j=given[f"{name}/post"])
    made.w = given[f"{name}/weight"]
    made.delay = np.asarray(given[f"{name}/delay"]) * given["dt"] * ms


def played(given: Arrays, name: str) -> Any:
    """A source, or an input, that fires what ours does."""
    steps, neurons = given[f"{name}/fired"].T
    return b2.SpikeGeneratorGroup(
        int(given[f"{name}/neurons"]), neurons, steps * given["dt"] * ms, dt=given["dt"] * ms
    )


def brunel(given: Arrays) -> Parts:
    """`examples/brunel.snn`; its sources by Brian2's own draws, of a thousand of them a neuron."""
    sizes = [int(given[f"{name}/neurons"]) for name in ("exc", "inh")]
    group = b2.NeuronGroup(
        sum(sizes), "dv/dt = -v/(20*ms) : volt (unless refractory)", threshold="v >= 20*mV",
        reset="v = 10*mV", refractory=2 * ms, method="exact",
    )  # fmt: skip
    count, rate, weight = given["to_exc"]
    outside = b2.PoissonInput(group, "v", int(count), rate * b2.Hz, weight * mV)
    parts: Parts = {"all": group, "outside": outside}
    for end, first in (("exc", 0), ("inh", sizes[0])):
        names = [f"{end}->exc", f"{end}->inh"]
        made = b2.Synapses(group, group, on_pre=f"v_post += {given[f'{names[0]}/weight'][0]}*mV")
        made.connect(
            i=np.concatenate([given[f"{name}/pre"] for name in names]) + first,
            j=np.concatenate([given[f"{names[0]}/post"], given[f"{names[1]}/post"] + sizes[0]]),
        )
        made.delay = 1.5 * ms
        parts[end] = made
    return parts


def microcircuit(given: Arrays) -> Parts:
    """`examples/microcircuit.snn`; its sources by Brian2's own draws."""
    equations = """
    dv/dt = (-65*mV - v)/(10*ms) + (s + dc)/(250*pF) : volt (unless refractory)
    ds/dt = -s/(0.5*ms) : amp
    dc : amp (constant)
    """
    layers = [f"layer[{k}]" for k in range(8)]
    sizes = [len(given[f"{name}/v"]) for name in layers]
    first = dict(zip(layers, np.concatenate([[0], np.cumsum(sizes)[:-1]]), strict=True))
    group = b2.NeuronGroup(
        sum(sizes), equations, threshold="v >= -50*mV", reset="v = -65*mV",
        refractory=2.1 * ms, method="exact",
    )  # fmt: skip
    group.v = np.concatenate([given[f"{name}/v"] for name in layers]) * mV
    group.dc = np.repeat([float(given[f"{name}/dc"]) for name in layers], sizes) * pA
    parts: Parts = {"layers": group}
    for k, name in enumerate(layers):
        count, rate, weight = given[f"bg[{k}]"]
        some = group[first[name] : first[name] + sizes[k]]
        parts[f"bg[{k}]"] = b2.PoissonInput(some, "s", int(count), rate * b2.Hz, weight * pA)
    # One set of synapses for all pairs of layers: 64 of them took nine minutes to compile.
    inner = [name for name in projections(given) if name.startswith("layer")]
    ends = [[first[end] for end in name.split("->")] for name in inner]
    whole: dict[str, Any] = {
        "layers->layers/pre": [given[f"{n}/pre"] + e[0] for n, e in zip(inner, ends, strict=True)],
        "layers->layers/post": [
            given[f"{n}/post"] + e[1] for n, e in zip(inner, ends, strict=True)
        ],
        "layers->layers/weight": [given[f"{name}/weight"] for name in inner],
        "layers->layers/delay": [given[f"{name}/delay"] for name in inner],
    }
    joined(
        {key: np.concatenate(arrays) for key, arrays in whole.items()} | {"dt": given["dt"]},
        parts, "layers->layers", "s_post += w", pA,
    )  # fmt: skip
    return parts


def projections(given: Arrays) -> list[str]:
    """The names of the projections, in their order."""
    return [name.removesuffix("/pre") for name in given if name.endswith("/pre")]


MODELS: dict[str, Callable[[Arrays], Parts]] = {
    made.__name__: made
    for made in (
        hodgkin_huxley,
        adex,
        vogels_abbott,
        cortex,
        synfire,
        synapses,
        brunel,
        microcircuit,
    )
}


def main() -> None:
    """Run a model, and write down what it did."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("arrays", type=Path)
    parser.add_argument("found", type=Path)
    parser.add_argument("--mode", choices=("numpy", "cython", "cpp"), default="numpy")
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    with np.load(given.arrays) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["dt"] = float(arrays["dt"])
    b2.defaultclock.dt = arrays["dt"] * ms
    if given.mode == "cpp":
        b2.set_device("cpp_standalone", build_on_run=False)
    else:
        b2.prefs.codegen.target = given.mode
    parts = MODELS[given.model](arrays)
    monitors = {n: b2.SpikeMonitor(p) for n, p in parts.items() if isinstance(p, b2.NeuronGroup)}
    schedule = parts.pop("schedule", None)
    network = b2.Network(*parts.values(), *monitors.values())
    if schedule is not None:
        network.schedule = schedule
    duration = float(arrays["steps"]) * arrays["dt"] * ms
    times = run(network, duration, given.mode, given.runs, given.found.with_suffix(""))
    found: dict[str, Any] = {"runs": np.array(times), "all": time.perf_counter() - started}
    for name, monitor in monitors.items():
        found[f"{name}/step"] = np.rint(np.asarray(monitor.t / ms) / arrays["dt"]).astype(int)
        found[f"{name}/neuron"] = np.asarray(monitor.i)
    for name, part in parts.items():
        if isinstance(part, b2.Synapses) and given.mode != "cpp":
            found[f"{name}/weight"] = np.asarray(part.w)
    np.savez(given.found, **found)


def run(network: Any, duration: Any, mode: str, runs: int, folder: Path) -> list[float]:
    """Processor seconds of each run; of C++, which is built in the folder, those of the program,
    which reads its arrays too."""
    if mode != "cpp":
        network.store()
        times = []
        for _ in range(runs):
            network.restore()
            before = time.process_time()
            network.run(duration)
            times.append(time.process_time() - before)
        return times
    network.run(duration)
    device: Any = b2.device
    device.build(directory=str(folder), compile=True, run=False)
    times = []
    for _ in range(runs):
        before = _of_programs()
        device.run()
        times.append(_of_programs() - before)
    return times


def _of_programs() -> float:
    """Processor seconds of all programs that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
