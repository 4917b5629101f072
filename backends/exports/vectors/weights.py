"""The true integer weights of a network in one file, and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from ....ir.model import Model, unit_name, value_name, weights_name
from ....ir.types import Fixed
from ....ir.wiring import Listed, Windows
from ...artifact.tensors import encode_tensors
from .tables import csv

TABLE, WINDOWS, TENSORS = "weights.csv", "windows.csv", "weights.safetensors"
MOST_ROWS = 1 << 22  # of the table: beyond it is the one file alone


def weight_files(model: Model) -> dict[str, bytes]:
    """`weights.safetensors`: "weights/<projection>", int8 or int16, [pre, post] of all pairs,
    [synapses] of a list, whose ends are "pre/<projection>" and "post/<projection>", windows as
    [channel out, channel in of its group, row, column], one number of a pool. `weights.csv`: a row
    a synapse, but those of windows, of which `windows.csv` has a row a weight; either, if there are
    some."""
    arrays = {weights_name(p.name): model.weights(p.name) for p in model.graph.projections}
    for name, wiring in model.wirings.items():
        if isinstance(wiring, Listed):
            arrays |= {f"{end}/{name}": ends for end, ends in wiring.lists().items()}
    files = {TENSORS: encode_tensors(arrays)}
    tables = (
        (TABLE, "projection,pre,post,weight", _synapses),
        (WINDOWS, "projection,out,in,row,column,weight", _taps),
    )
    for name, head, rows_of in tables:
        rows = list(islice(rows_of(model), MOST_ROWS + 1))
        if 0 < len(rows) <= MOST_ROWS:
            files[name] = csv(head, rows).encode()
    return files


def _synapses(model: Model) -> Iterator[tuple[Any, ...]]:
    for name, wiring in model.wirings.items():
        if not isinstance(wiring, Windows):
            codes = model.weights(name).ravel()[wiring.places()]
            ends = (each.tolist() for each in (*wiring.pairs(), codes))
            yield from ((name, *row) for row in zip(*ends, strict=True))


def _taps(model: Model) -> Iterator[tuple[Any, ...]]:
    """The one weight of a pool is that of all its channels and taps, which are empty."""
    for name, wiring in model.wirings.items():
        codes = model.weights(name)
        if isinstance(wiring, Windows) and wiring.is_pool:
            yield (name, "", "", "", "", int(codes[0]))
        elif isinstance(wiring, Windows):
            yield from ((name, *place, int(code)) for place, code in np.ndenumerate(codes))


def weights_said(model: Model) -> list[dict[str, Any]]:
    """What `manifest.json` says of each projection: `unit` is what a code of 1 brings, one number
    or one a post neuron."""
    return [
        {
            "projection": p.name,
            "pre": p.pre,
            "post": p.post,
            "port": p.port,
            "delay_steps": p.delay,
            "synapses": model.wirings[p.name].synapses,
            "bits": _bits(model, p.name),
            "shape": list(model.weights(p.name).shape),
            "unit": unit_of(model, p.post, p.port),
        }
        for p in model.graph.projections
    ]


def _bits(model: Model, projection: str) -> int:
    dtype = model.values[weights_name(projection)].dtype
    assert isinstance(dtype, Fixed)
    return dtype.bits


def unit_of(model: Model, population: str, name: str) -> float | list[float] | None:
    """The unit of a state or port: one number where all neurons share it; None without one."""
    value = model.values.get(value_name(population, unit_name(name)))
    if value is None:
        return None
    array = np.asarray(value.array, np.float64)
    same = array.size == 1 or bool(array.size and not np.ptp(array))
    return float(array.flat[0]) if same else array.tolist()
