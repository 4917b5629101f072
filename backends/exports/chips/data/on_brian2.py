"""A network of Loihi in brian2-loihi 0.5.2."""

from typing import Any

import brian2
import brian2_loihi as loihi
import numpy as np

Arrays = dict[str, Any]
MOST = (1 << 23) - 1

brian2.prefs.codegen.target = "numpy"


def simulate(net: Any, weights: Arrays, trains: Arrays, steps: int) -> Arrays:
    """Of each population its spikes, u and v [steps, neurons]."""
    brian2.start_scope()
    cells = {one["name"]: _cells(one) for one in net["populations"]}
    parts: list[Any] = [*cells.values()]
    for one in net["projections"]:
        if one["name"] in trains:
            times, neurons = np.nonzero(trains[one["name"]])
            pre = loihi.LoihiSpikeGeneratorGroup(trains[one["name"]].shape[1], neurons, times)
            parts.append(pre)
        else:
            pre = cells[one["pre"]]
        parts += _synapses(one, weights[one["name"]], pre, cells[one["post"]])
    seen = {name: _monitors(cell) for name, cell in cells.items()}
    network = loihi.LoihiNetwork(*parts, *(m for own in seen.values() for m in own))
    network.run(steps)
    return {name: _read(name, *own, cells[name].N, steps) for name, own in seen.items()}


def _cells(one: Any) -> Any:
    return loihi.LoihiNeuronGroup(
        one["neurons"],
        refractory=one["refractory_steps"] + 1,
        threshold_v_mant=one["vth"],
        decay_v=one["dv"],
        decay_I=one["du"],
    )


def _synapses(one: Any, weights: Any, pre: Any, post: Any) -> list[Any]:
    """The synapses that have a weight; nothing where none has."""
    ends = np.nonzero(weights)
    if not ends[0].size:
        return []
    made = loihi.LoihiSynapses(
        pre,
        post,
        delay=one.get("delay", 0),
        w_exp=one["weight_exp"],
        sign_mode=one["sign_mode"],
        num_weight_bits=one["num_weight_bits"],
    )
    made.connect(i=ends[0], j=ends[1])
    made.w = weights[ends].astype(np.int64)
    return [made]


def _monitors(cell: Any) -> tuple[Any, Any, Any]:
    current, voltage = (loihi.LoihiStateMonitor(cell, what) for what in ("I", "v"))
    return loihi.LoihiSpikeMonitor(cell), current, voltage


def _read(name: str, spikes: Any, current: Any, voltage: Any, neurons: int, steps: int) -> Any:
    fired = np.zeros((steps, neurons), bool)
    fired[np.rint(np.asarray(spikes.t_) * 1000).astype(int), np.asarray(spikes.i)] = True
    u, v = (np.asarray(values).T.astype(np.int64) for values in (current.I, voltage.v))
    if abs(v).max(initial=0) > MOST:
        raise SystemExit(
            f"`{name}` left 24 bits, where Loihi clips a voltage and brian2-loihi does not: "
            "take fewer guard bits, or another flavour"
        )
    return [fired, u, v]
