"""A network on SANA-FE's Loihi, as it ships with it: spikes, energy, time and hops.

    python benchmarks/sanafe_chip.py NET.npz OUT.json

It runs in an environment with `sanafe` (GPL, a tool of its own: nothing of snncc imports it, and
this script imports nothing of snncc). `sanafe_judge.py` writes `NET.npz` and reads `OUT.json`.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

TIMING = "detailed"  # of its models, the one that it takes by default
ROWS = 4  # of its mesh


def cores_of(arch: Any, net: Any) -> list[Any]:
    """SANA-FE's core of every neuron, then of every input, by column, row and place. Its tiles are
    numbered down the columns, which the file of its Loihi says to be of four."""
    at = np.concatenate((net["at"], net["input_at"]))
    return [arch.tiles[x * ROWS + y].cores[place] for x, y, place in at.tolist()]


def network(sanafe: Any, arch: Any, net: Any) -> Any:
    """The neurons in the order in which their cores compute them, the inputs, and the synapses."""
    made = sanafe.Network()
    neurons, inputs = len(net["at"]), len(net["input_at"])
    cores = cores_of(arch, net)
    cells = made.create_neuron_group("cells", neurons, log_spikes=True, soma_hw_name="loihi_lif")
    for k in net["order"].tolist():
        names = ("threshold", "leak_decay", "input_decay", "bias", "refractory_delay")
        said = {name: net[name][k].item() for name in names}
        cells[k].set_attributes(model_attributes={**said, "reset_mode": "hard"})
        cells[k].map_to_core(cores[k])
    pre, post, weight = (net[name] for name in ("pre", "post", "weight"))
    _join(cells, cells, pre, post, weight, pre < neurons)
    if inputs:
        given = made.create_neuron_group("given", inputs, log_spikes=False)
        for k in range(inputs):
            train = net["trains"][:, k].astype(bool).tolist()
            unit = f"loihi_inputs[{k}]"
            given[k].set_attributes(soma_hw_name=unit, model_attributes={"spikes": train})
            given[k].map_to_core(cores[neurons + k])
        _join(given, cells, pre - neurons, post, weight, pre >= neurons)
    return made


def _join(source: Any, target: Any, pre: Any, post: Any, weight: Any, some: Any) -> None:
    if some.any():
        pairs = list(zip(pre[some].tolist(), post[some].tolist(), strict=True))
        source.connect_neurons_sparse(target, {"weight": weight[some].tolist()}, pairs)


def judged(net: Any) -> dict[str, Any]:
    """What SANA-FE says of it."""
    sanafe: Any = import_module("sanafe")  # lies in this environment alone
    arch = sanafe.load_loihi()
    chip = sanafe.SpikingChip(arch)
    chip.load(network(sanafe, arch, net))
    steps = int(net["steps"])
    found = chip.sim(steps, timing_model=TIMING, spike_trace=True, perf_trace=True)
    spikes = [
        [t, int(fired.neuron_offset)]
        for t, row in enumerate(found["spike_trace"])
        for fired in row
        if fired.group_name == "cells"
    ]
    perf = found["perf_trace"]
    return {
        "spikes": spikes,
        "energy": found["energy"],
        "seconds": found["sim_time"],
        "hops": int(sum(perf["hops"])),
        "packets": found["packets_sent"],
        "updated": found["neurons_updated"],
        "events": found["spikes"],
        "version": version("sanafe"),
    }


def main() -> None:
    """Judge one network."""
    given, made = map(Path, sys.argv[1:])
    with np.load(given) as net:
        made.write_text(json.dumps(judged(net)))


if __name__ == "__main__":
    main()
