"""Spike logs that are archives, as `snncc run --record` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...frontend.stored.arrays import Header, read_npz, require_memory
from ...frontend.stored.unfit import Unfit
from ...ir.graph import MOST_NEURONS
from ...ir.report import listing
from ..datasets.data import room
from .log import FROM_0, Log, Rows, opened_log, ordered

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

SPIKES, STATES = "spikes/", "states/"
RECORDED = "recorded/"  # of a population of which some neurons alone were recorded
FACTS = ("dt", "digest", "populations", "samples", "steps", "neurons")
MOST = MOST_NEURONS  # of samples and steps, too
WRITTEN = "write it by `snncc run … --record`, or as a .csv"


def read_npz_log(path: Path, has_states: bool) -> Log:
    """The log, its states too if `has_states`; one that an earlier version wrote says less of
    itself. CompileError(E063, E064) if it is none."""
    left = room()

    def accept(header: Header) -> None:
        nonlocal left
        require_memory(header, left)
        left -= header.memory

    with opened_log(path) as file:
        arrays = read_npz(file, lambda names: _wanted(names, has_states), accept)
        return ordered(_log(path, arrays))


def _wanted(names: Iterable[str], has_states: bool) -> list[str]:
    names = list(names)
    starts = (SPIKES, STATES) if has_states else (SPIKES,)
    if not any(name.startswith(SPIKES) for name in names):
        found = f"but {listing(names)}" if names else "but none at all"
        raise Unfit(f"it has no array `{SPIKES}<population>`, {found}", WRITTEN)
    some = {n.removeprefix(RECORDED) for n in names if n.startswith(RECORDED)}
    names = [n for n in names if n.partition("/")[2].partition("/")[0] not in some]
    return [name for name in names if name in FACTS or name.startswith(starts)]


def _log(path: Path, arrays: Arrays) -> Log:
    rows = {n.removeprefix(SPIKES): _rows(n, a) for n, a in arrays.items() if n.startswith(SPIKES)}
    neurons = _neurons(arrays, rows)
    samples, steps = (_count(arrays, name) for name in ("samples", "steps"))
    states = _states(arrays, rows)
    for name, of_one in states.items():
        for state, array in of_one.items():
            own = (samples, steps, neurons[name])
            samples, steps, neurons[name] = _agreeing(f"{STATES}{name}/{state}", array, own)
    return Log(
        path,
        {name: rows[name] for name in neurons},
        {name: np.arange(len(rows[name])) for name in neurons},
        neurons,
        samples,
        steps,
        _dt(arrays),
        _text(arrays, "digest"),
        states,
    )


def _rows(name: str, array: Array) -> Rows:
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[1] != 3:
        raise Unfit(
            f"`{name}` is {array.dtype} {list(array.shape)}, not whole numbers [spikes, 3]",
            "a row is (sample, step, neuron) of a spike",
        )
    bad = np.argwhere((array < 0) | (array >= MOST))
    if len(bad):
        row, column = bad[0]
        number = array[row, column]
        why = "is negative" if number < 0 else f"is {MOST} or beyond"
        what = ("sample", "step", "neuron")[column]
        raise Unfit(f"row {row} of `{name}` has the {what} {number}, which {why}", FROM_0)
    return array.astype(np.int64)


def _neurons(arrays: Arrays, rows: Mapping[str, Rows]) -> dict[str, int | None]:
    """The neurons of each population, in the order that the log says."""
    names = list(rows)
    if "populations" in arrays:
        order = arrays["populations"]
        if order.ndim != 1 or order.dtype.kind != "U" or sorted(order.tolist()) != sorted(names):
            raise Unfit(f"`populations` does not name its {SPIKES}…: {listing(names)}", WRITTEN)
        names = order.tolist()
    if "neurons" not in arrays:
        return dict.fromkeys(names)
    counts = arrays["neurons"]
    fits = counts.dtype.kind in "iu" and counts.shape == (len(names),)
    if not fits or not ((counts > 0) & (counts <= MOST)).all():
        raise Unfit("`neurons` is not one whole number above 0 for each of `populations`", WRITTEN)
    return dict(zip(names, map(int, counts), strict=True))


def _count(arrays: Arrays, name: str) -> int | None:
    if name not in arrays:
        return None
    array = arrays[name]
    if array.dtype.kind not in "iu" or array.shape != () or not 0 <= array <= MOST:
        raise Unfit(f"`{name}` is not one whole number", WRITTEN)
    return int(array)


def _dt(arrays: Arrays) -> float | None:
    if "dt" not in arrays:
        return None
    dt = arrays["dt"]
    if dt.dtype.kind not in "fiu" or dt.shape != () or not isfinite(dt) or dt <= 0:
        raise Unfit("`dt` is not one number above 0 [ms]", WRITTEN)
    return float(dt)


def _text(arrays: Arrays, name: str) -> str | None:
    if name not in arrays:
        return None
    if arrays[name].dtype.kind != "U" or arrays[name].shape != ():
        raise Unfit(f"`{name}` is not one text", WRITTEN)
    return str(arrays[name])


def _states(arrays: Arrays, rows: Mapping[str, Rows]) -> dict[str, dict[str, Array]]:
    found: dict[str, dict[str, Array]] = {}
    for name, array in arrays.items():
        if not name.startswith(STATES):
            continue
        population, _, state = name.removeprefix(STATES).partition("/")
        if population not in rows or not state:
            raise Unfit(f"`{name}` is a state of a population without `{SPIKES}…`", WRITTEN)
        if array.dtype.kind not in "fiu" or array.ndim != 3:
            raise Unfit(
                f"`{name}` is {array.dtype} {list(array.shape)}, not numbers "
                "[samples, steps, neurons]",
                WRITTEN,
            )
        found.setdefault(population, {})[state] = array
    return found


Sizes = tuple[int | None, int | None, int | None]


def _agreeing(name: str, array: Array, sizes: Sizes) -> Sizes:
    """The samples, steps and neurons, as the states say them where nothing else does."""
    if any(k is not None and k != n for k, n in zip(sizes, array.shape, strict=True)):
        wanted = ["?" if k is None else k for k in sizes]
        raise Unfit(f"`{name}` is {list(array.shape)}, and the others are {wanted}", WRITTEN)
    samples, steps, neurons = array.shape
    return samples, steps, neurons
