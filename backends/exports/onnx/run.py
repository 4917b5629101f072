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
from ...played import Inputs, Played, Spikes
from ...trace import Trace
from .form import DIGEST, DT, POPULATIONS, SENDER, STATES
from .network import NUMBERS, SPIKES

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
    inputs, numbers = (
        {name: neurons for name, neurons, role in rows if role == wanted}
        for wanted in ("input", SENDER)
    )
    told = {name: neurons for name, neurons, _ in rows if f"{name}.spikes" in shown}
    if not told:
        message = f"`{path}` shows no spikes, only counts"
        way_out = "export it with --all-outputs"
        raise CompileError(Diagnostic("E065", message, help=way_out))
    taken = {each.name for each in session.get_inputs()} - {SPIKES, NUMBERS}
    is_step = any(f"{name}.next" in shown for name in taken)
    lacking = [name for name in sorted(taken) if f"{name}.next" not in shown]
    if lacking:
        message = f"`{path}` takes what is not known here: {', '.join(lacking)}"
        raise CompileError(Diagnostic("E065", message, help="compare the network by a spike log"))
    states = json.loads(said[STATES])

    def play(given: Inputs) -> Trace:
        found = _steps(session, states, given) if is_step else _whole(session, given)
        silent = {n: np.zeros((*given.spikes.shape[:2], k), np.bool_) for n, k in numbers.items()}
        made = _trace(inputs, told, given.spikes, found)
        return Trace({**silent, **made.spikes}, made.states)

    return Played(inputs, numbers, told, float(said[DT]), said[DIGEST], play)


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


def _whole(session: Any, given: Inputs) -> Arrays:
    """The outputs by name."""
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, _fed(session, given)), strict=True))


def _fed(session: Any, given: Inputs) -> Arrays:
    """What comes in, of the types that the model takes."""
    arrays = {SPIKES: given.spikes, NUMBERS: given.numbers}
    kinds = {each.name: KINDS[each.type] for each in session.get_inputs() if each.name in arrays}
    return {name: np.ascontiguousarray(arrays[name], kind) for name, kind in kinds.items()}


def _steps(session: Any, states: Mapping[str, Any], given: Inputs) -> Arrays:
    """The outputs of all steps, [T, ...]; what a step leaves goes into the next one."""
    fed: Arrays = {}
    spikes, came = given.spikes, _fed(session, given)
    for each in session.get_inputs():
        if each.name not in came:
            shape = [spikes.shape[1] if isinstance(n, str) else n for n in each.shape]
            start = np.asarray(states.get(each.name, {"start": 0})["start"], KINDS[each.type])
            fed[each.name] = np.ascontiguousarray(np.broadcast_to(start, shape))
    names = [each.name for each in session.get_outputs()]
    rings = {name for name in fed if name not in states}
    kept = [name for name in names if name.removesuffix(".next") not in rings]
    made: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in kept}
    for now in came[SPIKES]:
        found = dict(zip(names, session.run(names, fed | came | {SPIKES: now}), strict=True))
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
