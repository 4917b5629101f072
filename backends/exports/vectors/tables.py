"""What a part did as text: hex for `$readmemh`, csv for people and for `snncc diff`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....ir.graph import Population
from ...trace import Trace
from .layout import Layout
from .sent import sent

Array = npt.NDArray[Any]
EVENTS = "sample,step,population,neuron"


def hex_words(codes: Array, bits: int) -> str:
    """A two's complement code a line."""
    digits, mask = -(-bits // 4), (1 << bits) - 1
    return "".join(f"{code & mask:0{digits}x}\n" for code in codes.tolist())


def hex_bits(rows: Array) -> str:
    """Truth values [rows, bits], a row a line, the first the lowest bit; of no bits a 0."""
    count = max(1, rows.shape[1])
    digits = -(-count // 4)
    packed = np.packbits(rows, axis=1, bitorder="little")[:, ::-1]
    return "".join(f"{row.tobytes().hex() or '0':0>{digits}}"[-digits:] + "\n" for row in packed)


def spike_rows(trace: Trace, populations: Sequence[Population]) -> Array:
    """Their spikes side by side, [samples x steps, neurons]."""
    steps, samples = next(iter(trace.spikes.values())).shape[:2]
    none = np.zeros((steps, samples, 0), np.bool_)
    together = np.concatenate([none, *(trace.spikes[p.name] for p in populations)], axis=2)
    return together.transpose(1, 0, 2).reshape(samples * steps, -1)


def number_words(trace: Trace, populations: Sequence[Population]) -> Array:
    """The numbers that they send side by side, [samples x steps x neurons]."""
    together = np.concatenate([sent(trace, p) for p in populations], axis=2)
    return together.transpose(1, 0, 2).ravel()


def numbers_csv(trace: Trace, populations: Sequence[Population]) -> str:
    """A line a number that is not 0, with the number behind its neuron."""
    lines = [f"{EVENTS},number"]
    rows = {p.name: sent(trace, p) for p in populations}
    for sample, step in np.ndindex(next(iter(rows.values())).shape[1::-1]):
        for name, numbers in rows.items():
            here = numbers[step, sample]
            neurons = np.flatnonzero(here).tolist()
            lines += [f"{sample},{step},{name},{n},{here[n]}" for n in neurons]
    return "\n".join([*lines, ""])


def state_words(trace: Trace, layout: Layout) -> Array:
    """All states [samples x steps x words], as the layout has them."""
    steps, samples = next(iter(trace.spikes.values())).shape[:2]
    none = np.zeros((steps, samples, 0), np.int64)
    parts = [
        trace.states[f.population.name][f.state.name] for f in layout.states if f.state is not None
    ]
    return np.concatenate([none, *parts], axis=2).transpose(1, 0, 2).ravel()


def events_csv(trace: Trace, populations: Sequence[Population]) -> str:
    """A line a spike, as spike logs have them."""
    lines = [EVENTS]
    for sample, step in np.ndindex(next(iter(trace.spikes.values())).shape[1::-1]):
        for population in populations:
            fired = np.flatnonzero(trace.spikes[population.name][step, sample])
            lines += [f"{sample},{step},{population.name},{n}" for n in fired.tolist()]
    return "\n".join([*lines, ""])


def states_csv(trace: Trace, layout: Layout) -> str:
    """A line a neuron, step and sample: all of its states, empty those that its population does
    not have."""
    columns = dict.fromkeys(f.state.name for f in layout.states if f.state is not None)
    lines = [",".join([EVENTS, *columns])]
    steps, samples = next(iter(trace.spikes.values())).shape[:2]
    populations = dict.fromkeys(f.population.name for f in layout.states)
    for sample, step in np.ndindex(samples, steps):
        for name in populations:
            held = trace.states[name]
            own = [held[c][step, sample].tolist() if c in held else None for c in columns]
            for n in range(trace.spikes[name].shape[2]):
                codes = ("" if c is None else str(c[n]) for c in own)
                lines.append(f"{sample},{step},{name},{n},{','.join(codes)}")
    return "\n".join([*lines, ""])


def csv(columns: str, rows: Iterable[Iterable[Any]]) -> str:
    """Rows below the names of their columns."""
    return "\n".join([columns, *(",".join(map(str, row)) for row in rows), ""])


def readable(text: str) -> str:
    """Text that can end no comment and no string."""
    return "".join(c if c.isalnum() or c in " _-.,>[]()" else "_" for c in text)
