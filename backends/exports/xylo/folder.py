"""The folder of a network of Xylo: what xylosim is built from, and the script that runs it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ....ir.chips.table import CHIPS
from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population, Semantics
from ....ir.integers.precision import VERSION
from ....ir.model import Model
from ....ir.passes.pipeline import run_model_passes
from ....ir.rules import sends_numbers
from ....ir.trains import most_given
from ....ir.verify.durations import steps_of
from ...trace import Trace
from ..chips.inputs import inputs_log
from .network import Network, network_of

FORMAT = "snncc xylo 1"
PACKAGES = "pip install numpy xylosim==0.1.3"
MEANS = Semantics("step", 31, "each", VERSION)
MOST_EVENTS = 15  # of an input in a step
Files = dict[str, bytes]


def require_xylo(graph: Graph) -> None:
    """CompileError(E071) for a graph that Xylo does not compute, whatever its weights."""
    if graph.semantics != MEANS:
        message = f"`{graph.name}` does not compute as Xylo does: in integers, one event after the "
        message += "other, up to 31 spikes a step"
        way_out = "quantize it first: `snncc quantize … --target xylo_audio3`"
        raise CompileError(Diagnostic("E071", message, help=way_out))
    for population in graph.populations:
        if sends_numbers(population) or population.source is not None:
            message = f"`{population.name}` sends no spikes of data, and inputs of Xylo do"
            way_out = "send spikes, such as `encode bernoulli(…)`"
            raise CompileError(Diagnostic("E071", message, population.span, help=way_out))
        most = most_given(population)
        if most > MOST_EVENTS:
            message = f"`{population.name}` has up to {most} spikes of a neuron in a step, and an "
            message += f"input of Xylo up to {MOST_EVENTS}"
            way_out = f"write `most = {MOST_EVENTS}`, or share the spikes among several steps"
            raise CompileError(Diagnostic("E071", message, population.span, help=way_out))


def xylo_files(model: Model, digest: str, trace: Trace | None) -> Files:
    """The files by name, with the spikes of the samples' inputs where there are any;
    CompileError(E071) for what the chip does not have."""
    require_xylo(model.graph)
    made = network_of(run_model_passes(model))
    if not chips_of(made):
        message = f"`{model.graph.name}` is more than each of {', '.join(_chips())} has"
        way_out = "take fewer neurons: `snncc targets --limits`"
        raise CompileError(Diagnostic("E085", message, help=way_out))
    net = net_of(made, digest)
    found = {
        "xylo.json": (json.dumps(config_of(made)) + "\n").encode(),
        "net.json": (json.dumps(net, indent=1) + "\n").encode(),
        "run.py": _data("run.py.txt").encode(),
        "README.md": _readme(made, net).encode(),
    }
    return (
        found if trace is None else {**found, "inputs.npz": inputs_log(model.graph, digest, trace)}
    )


def config_of(made: Network) -> dict[str, Any]:
    """The arguments of `xylosim.v2.XyloLayer`; a synapse is its neuron, the number of its current
    and its weight."""
    hidden, outputs = (_cells(made, made.kinds[kind]) for kind in ("hidden", "output"))
    biases = [*hidden["bias"], *outputs["bias"]]
    config: dict[str, Any] = {f"synapses_{name}": each for name, each in made.synapses.items()}
    config |= {"aliases": [[] for _ in hidden["threshold"]], "has_bias": any(biases)}
    for name, values in hidden.items():
        config |= {name: values, f"{name}_out": outputs[name]}
    config |= {f"weight_shift_{name}": made.guard for name in ("inp", "rec", "out")}
    return {**config, "name": made.model.graph.name}


def chips_of(made: Network) -> list[str]:
    """The chips that have as many neurons of each kind, and as many currents."""
    counts = {
        "inputs": sum(p.neurons for p in made.kinds["input"]),
        "hidden": sum(p.neurons for p in made.kinds["hidden"]),
        "outputs": sum(p.neurons for p in made.kinds["output"]),
        "states": 1 + max((len(each.currents) for each in made.cells.values()), default=0),
    }
    return [
        name
        for name in _chips()
        if all(count <= int(str(CHIPS[name].limits[what])) for what, count in counts.items())
    ]


def _chips() -> list[str]:
    """The chips of this kind."""
    return [name for name, chip in CHIPS.items() if chip.forms["leak"].own == "summed"]


def _cells(made: Network, populations: tuple[Population, ...]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"threshold": [], "bias": [], "dash_mem": [], "dash_syns": []}
    for each in (made.cells[p.name] for p in populations):
        found["threshold"] += each.thresholds.tolist()
        found["bias"] += each.biases.tolist()
        found["dash_mem"] += [each.dash] * each.population.neurons
        found["dash_syns"] += [list(each.dashes)] * each.population.neurons
    return found


def net_of(made: Network, digest: str) -> dict[str, Any]:
    """Where the network's neurons and states are, and when."""
    graph = made.model.graph
    return {
        "format": FORMAT,
        "network": graph.name,
        "digest": digest,
        "dt_ms": graph.dt,
        "steps": steps_of(graph),
        "inputs": [
            {
                "name": p.name,
                "neurons": p.neurons,
                "first": made.first[p.name],
                "late": made.late[p.name],
                "most": most_given(p),
            }
            for p in made.kinds["input"]
        ],
        "populations": [
            {
                "name": p.name,
                "neurons": p.neurons,
                "kind": kind,
                "first": made.first[p.name],
                "lag": made.lags[p.name],
                "voltage": made.cells[p.name].voltage,
                "currents": list(made.cells[p.name].currents),
            }
            for kind in ("hidden", "output")
            for p in made.kinds[kind]
        ],
    }


def _data(name: str) -> str:
    return (files(__package__) / "data" / name).read_text()


def _readme(made: Network, net: dict[str, Any]) -> str:
    inputs, hidden, outputs = (sum(p.neurons for p in ps) for ps in made.kinds.values())
    rows = [
        f"| {one['name']} | {one['kind']} | {one['first']} | {one['lag']} |"
        for one in net["populations"]
    ]
    synapses = {name: sum(map(len, each)) for name, each in made.synapses.items()}
    return _data("README.md").format(
        network=net["network"],
        packages=PACKAGES,
        inputs=inputs,
        hidden=hidden,
        outputs=outputs,
        chips=", ".join(chips_of(made)),
        shift=made.guard,
        rows="\n".join(rows),
        **{f"synapses_{name}": count for name, count in synapses.items()},
    )
