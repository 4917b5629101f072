"""A network on an emulator of Loihi: a folder with its numbers, and the script that runs it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from ....ir.diagnostics import CompileError, Diagnostic
from ....ir.graph import Graph, Population
from ....ir.integers.bounds import bounds_of
from ....ir.model import Model
from ....ir.verify.durations import steps_of
from ...trace import Trace
from .compartments import (
    MOST_EXPONENT,
    MOST_MANTISSA,
    UNITY,
    Codes,
    Compartments,
    compartments_of,
)
from .flavours import FLAVOURS, Flavour
from .inputs import inputs_log, npz
from .lags import Lags, delay_of, lags_of
from .readme import data, readme
from .synapses import Joined, joined

FORMAT = "snncc loihi 1"
RUN = "run.py"
EMULATOR = "emulator.py"
Files = dict[str, bytes]


def loihi_files(model: Model, digest: str, trace: Trace | None, flavour: str) -> Files:
    """The folder of a flavour, with the spikes of the samples' inputs where there are any;
    CompileError(E071) for what it cannot say."""
    row, graph = FLAVOURS[flavour], model.graph
    neurons = {p.name: compartments_of(model, p) for p in graph.populations if p.step is not None}
    for each in neurons.values():
        _require(each, flavour)
    _require_currents(model, neurons.values(), row)
    synapses = joined(model, neurons)
    awake = frozenset(name for name, each in neurons.items() if each.bias.any())
    lags = lags_of(graph, flavour, awake)
    net = {
        "format": FORMAT,
        "flavour": flavour,
        "emulator": row.summary,
        "network": graph.name,
        "digest": digest,
        "dt_ms": graph.dt,
        "steps": steps_of(graph),
        "inputs": [_input(p) for p in graph.populations if p.step is None],
        "populations": [_population(each, lags, row) for each in neurons.values()],
        "projections": [_projection(each, lags, row, graph) for each in synapses],
    }
    made = {
        "net.json": (json.dumps(net, indent=1) + "\n").encode(),
        "weights.npz": npz({each.projection.name: each.weights for each in synapses}),
        RUN: data(f"{RUN}.txt").encode(),
        EMULATOR: data(row.adapter).encode(),
        "README.md": readme(net, row).encode(),
    }
    return made if trace is None else {**made, "inputs.npz": inputs_log(graph, digest, trace)}


def _require(each: Compartments, flavour: str) -> None:
    row, population, found = FLAVOURS[flavour], each.population, []
    if each.refractory and not row.has_refractory:
        found.append(
            (f"is refractory for {each.refractory} steps", "write `refractory = 0 ms`"),
        )
    if each.bias.any() and not row.has_bias:
        found.append(("has a bias", "leave it out"))
    numbers = each.threshold, each.keep_u, each.keep_v
    if row.is_uniform and any(np.ptp(number) for number in numbers):
        way_out = "quantize with --scale population, or shared_exponent"
        found.append(("has neurons of other thresholds or decays", way_out))
    if row.offset and (each.keep_u == UNITY).any():
        found.append(("has a current that does not decay", "give it a time constant"))
    if not ((each.keep_v > 0) & (each.keep_v <= UNITY) & (each.keep_u >= 0)).all():
        found.append(("keeps less than nothing of a state", "take longer time constants"))
    _, exponents = bias_of(each.bias)
    if (exponents > MOST_EXPONENT).any():
        found.append(("has a bias of more than 2^19", "take fewer guard bits"))
    others = [name for name in FLAVOURS if name != flavour]
    if found:
        raise CompileError(
            [
                Diagnostic(
                    "E071",
                    f"`{each.name}` {what}, which `{flavour}` does not have",
                    population.span,
                    help=f"{way_out}; or take --flavour {' or '.join(others)}",
                )
                for what, way_out in found
            ]
        )


def _require_currents(model: Model, neurons: Iterable[Compartments], row: Flavour) -> None:
    """CompileError(E071) where a current and a bias together may leave 24 bits, as one emulator
    wraps them."""
    biased = [each for each in neurons if each.bias.any() and each.current is not None]
    if not biased or row.offset == 0:
        return
    states = bounds_of(model, steps_of(model.graph)).states
    for each in biased:
        assert each.current is not None
        low, high = states[each.name][each.current]
        if (high + each.bias >= 1 << 23).any() or (low + each.bias < -(1 << 23)).any():
            message = f"a current and the bias of `{each.name}` may come to more than 24 bits"
            way_out = "quantize with a guard bit fewer, or fewer bits a weight"
            raise CompileError(Diagnostic("E071", message, each.population.span, help=way_out))


def bias_of(bias: Codes) -> tuple[Codes, Codes]:
    """The mantissa and the exponent of biases, the least exponent with which they are exact."""
    exponents = np.maximum(np.frexp(abs(bias))[1] - 12, 0)
    mantissas = bias >> exponents
    too_large = abs(mantissas) > MOST_MANTISSA
    exponents = np.where(too_large, exponents + 1, exponents)
    return np.asarray(bias >> exponents), np.asarray(exponents, np.int64)


def _input(population: Population) -> dict[str, Any]:
    return {"name": population.name, "neurons": population.neurons}


def _population(each: Compartments, lags: Lags, row: Flavour) -> dict[str, Any]:
    mantissas, exponents = bias_of(each.bias)
    return {
        "name": each.name,
        "neurons": each.population.neurons,
        "role": each.population.role,
        "lag": lags[each.name],
        "du": _plain(UNITY - row.offset - each.keep_u),
        "dv": _plain(UNITY - each.keep_v),
        "vth": _plain(each.threshold),
        "bias_mant": _plain(mantissas),
        "bias_exp": _plain(exponents),
        "refractory_steps": each.refractory,
        "voltage": each.voltage,
        "current": each.current,
    }


def _projection(each: Joined, lags: Lags, row: Flavour, graph: Graph) -> dict[str, Any]:
    projection = each.projection
    is_input = graph.population(projection.pre).step is None
    least = row.least_input if is_input else int(row.delays.low)
    return {
        "name": projection.name,
        "pre": projection.pre,
        "post": projection.post,
        "steps": projection.delay,
        "shift" if is_input else "delay": delay_of(projection, lags) - least,
        "weight_exp": each.exponent,
        "num_weight_bits": 8,
        "sign_mode": each.signs,
    }


def _plain(numbers: Codes) -> int | list[int]:
    """One number where all neurons have one."""
    return numbers.tolist() if np.ptp(numbers) else int(np.asarray(numbers).flat[0])
