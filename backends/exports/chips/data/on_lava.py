"""A network of Loihi in lava-nc 0.10: LIF, Dense and DelayDense, `fixed_pt`."""

import dataclasses
import inspect
import sys
from typing import Any

import numpy as np

Arrays = dict[str, Any]

# Python 3.11 refuses defaults that have no hash, of which lava-nc 0.10 has some; 3.10 took them.
_NEW, _OLD = "f.default.__class__.__hash__ is None", "isinstance(f.default, (list, dict, set))"
if "lava" not in sys.modules:
    _FIELD = inspect.getsource(vars(dataclasses)["_get_field"])
    exec(_FIELD.replace(_NEW, _OLD), vars(dataclasses))

from lava.magma.core.run_conditions import RunSteps  # noqa: E402
from lava.magma.core.run_configs import Loihi1SimCfg  # noqa: E402
from lava.proc.dense.process import Dense, DelayDense  # noqa: E402
from lava.proc.io.source import RingBuffer  # noqa: E402
from lava.proc.lif.process import LIF  # noqa: E402
from lava.proc.monitor.process import Monitor  # noqa: E402
from lava.utils.weightutils import SignMode  # noqa: E402


def simulate(net: Any, weights: Arrays, trains: Arrays, steps: int) -> Arrays:
    """Of each population its spikes, u and v [steps, neurons]."""
    cells = {one["name"]: _cells(one) for one in net["populations"]}
    for one in net["projections"]:
        synapses = _synapses(one, weights[one["name"]])
        if one["name"] in trains:
            # A buffer of no spikes at all would not be of numbers 0 and 1.
            source = RingBuffer(data=trains[one["name"]].T.astype(int)).s_out
        else:
            source = cells[one["pre"]].s_out
        source.connect(synapses.s_in)
        synapses.a_out.connect(cells[one["post"]].a_in)
    seen = {
        name: [_monitor(port, steps) for port in (cell.s_out, cell.u, cell.v)]
        for name, cell in cells.items()
    }
    found: Arrays = {}
    left = set(cells)
    while left:  # what is not joined runs by itself
        name = min(left)
        cells[name].run(RunSteps(num_steps=steps), Loihi1SimCfg(select_tag="fixed_pt"))
        for other in sorted(left):
            if other == name or cells[other].runtime is cells[name].runtime:
                found[other] = [_read(monitor, steps) for monitor in seen[other]]
        left -= found.keys()
        cells[name].stop()
    return found


def _cells(one: Any) -> Any:
    return LIF(
        shape=(one["neurons"],),
        du=one["du"],
        dv=one["dv"],
        vth=one["vth"],
        bias_mant=_each(one["bias_mant"], one["neurons"]),
        bias_exp=_each(one["bias_exp"], one["neurons"]),
    )


def _each(numbers: Any, neurons: int) -> Any:
    return np.broadcast_to(np.asarray(numbers), (neurons,)).copy()


def _synapses(one: Any, weights: Any) -> Any:
    how = {
        "weights": weights.T.astype(np.int32),  # [post, pre]
        "weight_exp": one["weight_exp"],
        "num_weight_bits": one["num_weight_bits"],
        "sign_mode": SignMode(one["sign_mode"]),
    }
    if one.get("delay"):
        return DelayDense(delays=one["delay"], **how)
    return Dense(**how)


def _monitor(port: Any, steps: int) -> Any:
    monitor = Monitor()
    monitor.probe(port, steps)
    return monitor


def _read(monitor: Any, steps: int) -> Any:
    (of_process,) = monitor.get_data().values()
    (values,) = of_process.values()
    return np.asarray(values).reshape(steps, -1).astype(np.int64)
