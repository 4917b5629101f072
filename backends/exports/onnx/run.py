"""An ONNX model of ours in onnxruntime: every spike and every state that it shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.diagnostics import CompileError, Diagnostic
from ...artifact.storage import read_file
from ...trace import Trace
from ..played import Played, Spikes
from .form import DIGEST, DT, POPULATIONS, STATES
from .network import SPIKES

Arrays = dict[str, npt.NDArray[Any]]
KINDS = {"tensor(uint8)": np.uint8, "tensor(int32)": np.int32, "tensor(float)": np.float32}
MOST = 1 << 31  # bytes of a model
QUIET = 3  # of onnxruntime's log: errors alone


def played_onnx(path: Path) -> Played:
    """The network of a file that `snncc export --target onnx` or `onnx-step` wrote. CompileError:
    E060 for no such model, E063 for no file, E065 for one that shows no spikes, E070 without
    onnxruntime."""
    session = _session(path)
    said = session.get_modelmeta().custom_metadata_map
    if POPULATIONS not in said:
        message = f"`{path}` does not say what its populations are"
        raise CompileError(Diagnostic("E060", message, help="export the network with this version"))
    rows = json.loads(said[POPULATIONS])
    shown = {each.name for each in session.get_outputs()}
    inputs = {name: neurons for name, neurons, role in rows if role == "input"}
    told = {
        name: neurons
        for name, neurons, role in rows
        if role != "input" and f"{name}.spikes" in shown
    }
    if not told:
        message = f"`{path}` shows no spikes, only counts"
        way_out = "export it with --all-outputs"
        raise CompileError(Diagnostic("E065", message, help=way_out))
    taken = {each.name for each in session.get_inputs()} - {SPIKES}
    is_step = any(f"{name}.next" in shown for name in taken)
    lacking = [name for name in sorted(taken) if f"{name}.next" not in shown]
    if lacking:
        message = f"`{path}` takes more than spikes: {', '.join(lacking)}"
        raise CompileError(Diagnostic("E065", message, help="compare the network by a spike log"))
    states = json.loads(said[STATES])

    def play(spikes: Spikes) -> Trace:
        found = _steps(session, states, spikes) if is_step else _whole(session, spikes)
        return _trace(inputs, told, spikes, found)

    return Played(inputs, told, float(said[DT]), said[DIGEST], play)


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        message = f"onnxruntime is not installed, so that `{path}` cannot be run here"
        way_out = "pip install 'snncc[onnx]', or pip install onnxruntime"
        raise CompileError(Diagnostic("E070", message, help=way_out)) from None
    content = read_file(path, MOST)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = QUIET
    options.enable_cpu_mem_arena = False  # malloc is faster for values of some neurons
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        message = f"`{path}` is no ONNX model that onnxruntime takes: {_first_line(error)}"
        raise CompileError(Diagnostic("E060", message, help="export the network again")) from error


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _whole(session: Any, spikes: Spikes) -> Arrays:
    """The outputs by name."""
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {SPIKES: _fed(session, spikes)}), strict=True))


def _fed(session: Any, spikes: Spikes) -> npt.NDArray[Any]:
    kind = next(each.type for each in session.get_inputs() if each.name == SPIKES)
    return np.ascontiguousarray(spikes, KINDS[kind])


def _steps(session: Any, states: Mapping[str, Any], spikes: Spikes) -> Arrays:
    """The outputs of all steps, [T, ...]; what a step leaves goes into the next one."""
    fed: Arrays = {}
    for each in session.get_inputs():
        if each.name != SPIKES:
            shape = [spikes.shape[1] if isinstance(n, str) else n for n in each.shape]
            start = np.asarray(states.get(each.name, {"start": 0})["start"], KINDS[each.type])
            fed[each.name] = np.ascontiguousarray(np.broadcast_to(start, shape))
    names = [each.name for each in session.get_outputs()]
    rings = {name for name in fed if name not in states}
    kept = [name for name in names if name.removesuffix(".next") not in rings]
    made: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in kept}
    for now in _fed(session, spikes):
        found = dict(zip(names, session.run(names, fed | {SPIKES: now}), strict=True))
        fed = {name: found[f"{name}.next"] for name in fed}
        for name in kept:
            made[name].append(found[name])
    return {name.removesuffix(".next"): np.stack(values) for name, values in made.items()}


def _trace(
    inputs: Mapping[str, int], told: Mapping[str, int], spikes: Spikes, found: Arrays
) -> Trace:
    bounds = np.cumsum([0, *inputs.values()]).tolist()
    ends = zip(inputs, bounds, bounds[1:], strict=False)
    fired = {name: spikes[:, :, low:high].astype(np.bool_) for name, low, high in ends}
    fired |= {name: found[f"{name}.spikes"].astype(np.bool_) for name in told}
    states: dict[str, Arrays] = {name: {} for name in told}
    for key, values in found.items():
        owners = [name for name in told if key.startswith(f"{name}.")]
        if owners and key.removesuffix(".spikes") not in told:
            name = max(owners, key=len)
            states[name][key.removeprefix(f"{name}.")] = values
    return Trace(fired, states)
