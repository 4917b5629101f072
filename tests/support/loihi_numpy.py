"""What README.md of a folder of Loihi says, in NumPy: an `emulator.py` that needs no emulator."""

from __future__ import annotations

from typing import Any

import numpy as np

from snncc.backends.exports.chips.flavours import FLAVOURS

Arrays = dict[str, Any]


def simulate(net: Any, weights: Arrays, trains: Arrays, steps: int) -> Arrays:
    """Of each population its spikes, u and v [steps, neurons]."""
    row = FLAVOURS[net["flavour"]]
    fired: Arrays = {}
    seen: Arrays = {one["name"]: ([], [], []) for one in net["populations"]}
    state = {one["name"]: np.zeros((3, one["neurons"]), np.int64) for one in net["populations"]}
    for step in range(steps):
        for one in net["populations"]:
            arrives = np.zeros(one["neurons"], np.int64)
            for each in net["projections"]:
                if each["post"] == one["name"]:
                    arrives += _brought(each, weights, trains, seen, row, step)
            fired[one["name"]] = _step(one, state[one["name"]], arrives, row)
        for name, rows in seen.items():
            u, v, _ = state[name]
            for held, now in zip(rows, (fired[name], u, v), strict=True):
                held.append(now.copy())
    return {name: [np.stack(held) for held in rows] for name, rows in seen.items()}


def _brought(each: Any, weights: Arrays, trains: Arrays, seen: Arrays, row: Any, step: int) -> Any:
    """What spikes of a projection bring in a step."""
    name = each["name"]
    if name in trains:
        at, spikes = step - row.least_input, trains[name]
    else:
        at, spikes = step - 1 - each["delay"], seen[each["pre"]][0]
    if at < 0:
        return 0
    sums = np.asarray(spikes[at], np.int64) @ weights[name].astype(np.int64)
    return sums * 64 << each["weight_exp"] if each["weight_exp"] >= 0 else sums * 32


def _step(one: Any, state: Any, arrives: Any, row: Any) -> Any:
    """A step of a population, whose u, v and refractory steps are changed."""
    u, v, left = state
    bias = np.asarray(one["bias_mant"]) << np.asarray(one["bias_exp"])
    u[:] = _kept(u, one["du"], row.offset) + arrives
    assert (abs(arrives) < 1 << 21).all()
    assert (abs(u) < 1 << 23).all()
    v[:] = np.clip(_kept(v, one["dv"], 0) + u + bias, 1 - (1 << 23), (1 << 23) - 1)
    v[left > 0] = 0
    spikes = v > np.asarray(one["vth"]) * 64
    v[spikes] = 0
    left[:] = np.where(spikes, one["refractory_steps"], np.maximum(left - 1, 0))
    return spikes


def _kept(codes: Any, decay: Any, offset: int) -> Any:
    return np.sign(codes) * (abs(codes) * (4096 - offset - np.asarray(decay)) >> 12)
