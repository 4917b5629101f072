"""Runs the network of this folder on its emulator: python run.py [inputs] [log.npz]

Inputs are a spike log, as `snncc run --record` writes them (inputs.npz beside this script by
default), or an .npy file of spikes [samples, steps, neurons], those of all inputs beside each
other. The log has the spikes of every population, and of every step u and v after it, in the steps
of the network: `snncc diff MODEL log.npz --states` compares it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import emulator
import numpy as np

HERE = Path(__file__).resolve().parent
Arrays = dict[str, Any]


def main(given: str | Path = HERE / "inputs.npz", out: str | Path = "log.npz") -> None:
    """Reads, runs each sample from the start, and writes."""
    net = json.loads((HERE / "net.json").read_text())
    weights = dict(np.load(HERE / "weights.npz"))
    spikes = read(net, Path(given))
    samples = len(next(iter(spikes.values())))
    each = [sample(net, weights, {n: s[k] for n, s in spikes.items()}) for k in range(samples)]
    np.savez_compressed(out, allow_pickle=False, **log(net, spikes, each))


def read(net: Any, path: Path) -> Arrays:
    """Of each input its spikes [samples, steps, neurons]."""
    names = [(one["name"], one["neurons"]) for one in net["inputs"]]
    stored = np.load(path)
    if path.suffix == ".npy":
        ends = np.cumsum([neurons for _, neurons in names])
        if stored.ndim != 3 or stored.shape[2] != ends[-1]:
            raise SystemExit(f"{path}: spikes are [samples, steps, {ends[-1]}]")
        parts = np.split(stored != 0, ends[:-1], axis=2)
        return {name: part for (name, _), part in zip(names, parts)}
    found = {}
    for name, neurons in names:
        found[name] = np.zeros((int(stored["samples"]), int(stored["steps"]), neurons), bool)
        found[name][tuple(stored[f"spikes/{name}"].T)] = True
    return found


def sample(net: Any, weights: Arrays, spikes: Arrays) -> Arrays:
    """Of each population its spikes, u and v [steps, neurons], by the steps of the network."""
    steps = len(next(iter(spikes.values())))
    lags = {one["name"]: one["lag"] for one in net["populations"]}
    longest = steps + max(lags.values())
    trains = {}
    for one in net["projections"]:
        if one["pre"] in spikes:
            own = np.zeros((longest, spikes[one["pre"]].shape[1]), bool)
            late = own[one["shift"] :][:steps]
            late[:] = spikes[one["pre"]][: len(late)]
            trains[one["name"]] = own
    made = emulator.simulate(net, weights, trains, longest)
    return {name: [array[lag : lag + steps] for array in made[name]] for name, lag in lags.items()}


def log(net: Any, inputs: Arrays, samples: Any) -> Arrays:
    """The arrays of a spike log with states."""
    everyone = [*net["inputs"], *net["populations"]]
    some = next(iter(inputs.values()))
    arrays = {
        "dt": np.array(net["dt_ms"]),
        "digest": np.array(net["digest"]),
        "populations": np.array([one["name"] for one in everyone], np.str_),
        "neurons": np.array([one["neurons"] for one in everyone], np.int64),
        "samples": np.array(some.shape[0]),
        "steps": np.array(some.shape[1]),
    }
    for one in net["inputs"]:
        arrays[f"spikes/{one['name']}"] = rows(inputs[one["name"]])
    for one in net["populations"]:
        name = one["name"]
        spikes, u, v = (np.stack(each) for each in zip(*(s[name] for s in samples)))
        arrays[f"spikes/{name}"] = rows(spikes)
        arrays[f"states/{name}/{one['voltage']}"] = v.astype(np.int32)
        if one["current"] is not None:
            arrays[f"states/{name}/{one['current']}"] = u.astype(np.int32)
    return arrays


def rows(spikes: Any) -> Any:
    """A row (sample, step, neuron) for each spike, sorted."""
    return np.argwhere(spikes).astype(np.int32).reshape(-1, 3)


if __name__ == "__main__":
    main(*sys.argv[1:])
