"""What a NIR graph does, worked out in float64 from its file, node by node and step by step.

It shares nothing with the importer: it reads the file by h5py alone, walks the nodes in an order in
which each comes after those that lead to it, and keeps what leaves each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from nir_files import h5py

Floats = npt.NDArray[np.float64]
Edge = tuple[str, str]


@dataclass(frozen=True)
class Meaning:
    """What NIR leaves open; `late` are the edges that bring what left `delay` steps ago."""

    dt: float
    reset: str = "zero"
    method: str = "euler"
    at_least: bool = False
    per_step: bool = False
    late: frozenset[Edge] = frozenset()
    delay: int = 1
    spikes: int = 1  # the most of a neuron in a step
    floor: float = -np.inf  # below which no potential is left


@dataclass
class Outcome:
    """By node, what left it in each step [steps, neurons]; `margin` is the least distance of any
    potential from its threshold, by which a rounding could not have made another spike."""

    sent: dict[str, Floats]
    margin: float = np.inf
    states: dict[str, Any] = field(default_factory=dict)


def read_plain(path: Path) -> tuple[dict[str, dict[str, Any]], list[Edge]]:
    """The nodes as dictionaries, and the edges, of a file of one graph."""
    with h5py.File(path) as file:
        root = file["node"]
        nodes = {
            name: {key: part[()] for key, part in group.items() if isinstance(part, h5py.Dataset)}
            for name, group in root["nodes"].items()
        }
        edges = [(a.decode(), b.decode()) for a, b in root["edges"][()]]
    return nodes, edges


def interpret(path: Path, inputs: npt.ArrayLike, meaning: Meaning) -> Outcome:
    """What all nodes of the file do with inputs [steps, neurons] at its one Input."""
    nodes, edges = read_plain(path)
    now = {
        name: [a for a, b in edges if b == name and (a, b) not in meaning.late] for name in nodes
    }
    then = {name: [a for a, b in edges if (a, b) in meaning.late and b == name] for name in nodes}
    order = list(TopologicalSorter(now).static_order())
    sent: dict[str, list[Floats]] = {name: [] for name in nodes}
    outcome = Outcome({})
    for t, given in enumerate(np.asarray(inputs, np.float64)):
        for name in order:
            node = nodes[name]
            arrived: Any = given if node["type"] == b"Input" else 0.0
            for pre in now[name]:
                arrived = arrived + sent[pre][t]
            for pre in then[name]:
                if t >= meaning.delay:
                    arrived = arrived + sent[pre][t - meaning.delay]
            sent[name].append(step(name, node, arrived, meaning, outcome, t))
    outcome.sent = {name: np.array([np.ravel(x) for x in rows]) for name, rows in sent.items()}
    return outcome


def step(
    name: str, node: dict[str, Any], x: Any, meaning: Meaning, outcome: Outcome, t: int
) -> Any:
    """What leaves a node in a step in which `x` arrives."""
    kind = node["type"].decode()
    p = {k: np.asarray(v, np.float64) for k, v in node.items() if k not in ("type", "padding")}
    if kind in ("Input", "Output"):
        return x if kind == "Output" else np.reshape(x, p["shape"].astype(int))
    if kind in ("Affine", "Linear"):
        return p["weight"] @ (np.zeros(p["weight"].shape[1]) + x) + p.get("bias", 0.0)
    if kind == "Scale":
        return p["scale"] * x
    if kind == "Flatten":
        return np.ravel(x)
    if kind in ("Conv1d", "Conv2d"):
        return convolve(node, np.asarray(x))
    if kind in ("SumPool2d", "AvgPool2d"):
        return pool(node, np.asarray(x), kind == "AvgPool2d")
    if kind == "Delay":
        past = outcome.states.setdefault(name, [])
        past.append(x + np.zeros(p["delay"].shape))
        whole = np.round(p["delay"] / meaning.dt).astype(int)
        flat = enumerate(whole.ravel())
        sent = [past[t - d].ravel()[k] if t >= d else 0.0 for k, d in flat]
        return np.reshape(sent, whole.shape)
    return cell(name, kind, p, x, meaning, outcome)


def cell(
    name: str, kind: str, p: dict[str, Floats], x: Any, meaning: Meaning, outcome: Outcome
) -> Any:
    """The same of a neuron."""
    dt = meaning.dt
    if kind == "Threshold":
        return fires(x, p["threshold"], meaning, outcome)
    v, c = outcome.states.get(name, (0.0, 0.0))
    if kind in ("IF", "I"):
        v = v + (1.0 if meaning.per_step else dt) * p["r"] * x
    elif kind in ("LIF", "LI"):
        goal = p["v_leak"] + p["r"] * x
        v = v + share(dt, p["tau"], meaning) * (goal - v)
    elif meaning.method == "exact":
        v, c = solved(p, v, c, x, dt)
    else:
        w = p.get("w_in", 1.0)
        old = c
        c = c + share(dt, p["tau_syn"], meaning) * (w * x - c)
        seen = c if meaning.method == "euler" else old
        v = v + share(dt, p["tau_mem"], meaning) * (p["v_leak"] + p["r"] * seen - v)
    if "v_threshold" not in p:
        outcome.states[name] = np.maximum(v, meaning.floor), c
        return np.maximum(v, meaning.floor)
    z = fires(v, p["v_threshold"], meaning, outcome)
    low = p.get("v_reset", 0.0)
    after = np.where(z > 0, low, v) if meaning.reset == "zero" else v - z * p["v_threshold"]
    outcome.states[name] = np.maximum(after, meaning.floor), c
    return z


def solved(p: dict[str, Floats], v: Any, c: Any, x: Any, dt: float) -> tuple[Any, Any]:
    """Potential and current after a step by the closed form, what arrives held:
    c = c_0 e^(-t / tau_syn) around w x, which the potential is driven by."""
    goal, fast, slow = p.get("w_in", 1.0) * x, p["tau_syn"], p["tau_mem"]
    away = c - goal
    driven = p["r"] * away * fast / (fast - slow)
    rest = p["v_leak"] + p["r"] * goal
    after = rest + (v - rest - driven) * np.exp(-dt / slow) + driven * np.exp(-dt / fast)
    return after, goal + away * np.exp(-dt / fast)


def share(dt: float, tau: Floats, meaning: Meaning) -> Floats:
    """How far a state goes to where it tends within a step."""
    return -np.expm1(-dt / tau) if meaning.method[:2] == "ex" else np.asarray(dt / tau)


def fires(v: Any, threshold: Floats, meaning: Meaning, outcome: Outcome) -> Floats:
    away = np.abs(v - threshold)
    # A tie is none where both are made of whole numbers alone.
    outcome.margin = min(outcome.margin, float(np.min(np.where(away == 0, np.inf, away))))
    z = np.asarray(v >= threshold if meaning.at_least else v > threshold, np.float64)
    for k in range(2, meaning.spikes + 1):  # as many as can be taken one after the other
        z = z + (v >= k * threshold if meaning.at_least else v > k * threshold)
        away = np.abs(v - k * threshold)
        outcome.margin = min(outcome.margin, float(np.min(np.where(away == 0, np.inf, away))))
    return z


def convolve(node: dict[str, Any], x: Floats) -> Floats:
    """Correlation over one or two axes, with groups, dilation, stride and zeros around."""
    weight = np.asarray(node["weight"], np.float64)
    axes = weight.ndim - 2
    stride, dilation = (
        np.broadcast_to(node[k], (axes,)).astype(int) for k in ("stride", "dilation")
    )
    x = np.pad(x, [(0, 0), *around(node, weight.shape[2:], dilation)])
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(1, axes + 1)))
    steps = (slice(None), *(slice(None, None, s) for s in stride))
    taps = (..., *(slice(None, None, d) for d in dilation))
    windows = windows[steps][taps]
    groups = int(node["groups"])
    parts = zip(np.split(weight, groups), np.split(windows, groups), strict=True)
    letters = "yx"[:axes], "ab"[:axes]
    rule = f"oc{letters[1]},c{letters[0]}{letters[1]}->o{letters[0]}"
    made = np.concatenate([np.einsum(rule, w, part) for w, part in parts])
    bias = np.asarray(node["bias"], np.float64).reshape(-1, *(1,) * axes)
    return made + bias


def around(node: dict[str, Any], kernel: tuple[int, ...], dilation: Any) -> list[tuple[int, int]]:
    said = node["padding"]
    if not isinstance(said, bytes):
        return [(int(k), int(k)) for k in np.broadcast_to(said, (len(kernel),))]
    if said == b"valid":
        return [(0, 0)] * len(kernel)
    if said == b"same":
        spread = [int(d) * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return [(k // 2, k - k // 2) for k in spread]
    raise ValueError(said)


def pool(node: dict[str, Any], x: Floats, is_mean: bool) -> Floats:
    """Sums, or means, over windows of each channel, zeros around counted in."""
    kernel, stride, pad = (
        np.broadcast_to(node[k], (2,)).astype(int) for k in ("kernel_size", "stride", "padding")
    )
    x = np.pad(x, [(0, 0), *((k, k) for k in pad)])
    windows = np.lib.stride_tricks.sliding_window_view(x, tuple(kernel), (1, 2))
    made = windows[:, :: stride[0], :: stride[1]].sum(axis=(3, 4))
    return made / kernel.prod() if is_mean else made
