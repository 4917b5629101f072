"""Xylo by the README of its folder, in place of xylosim: as slow and as plain as that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = Any


class XyloSynapse(NamedTuple):
    neuron: int
    current: int
    weight: int


def sat(codes: Array) -> Array:
    return np.clip(codes, -32768, 32767)


def lost(codes: Array, dash: Array) -> Array:
    return np.where(codes >> dash == 0, np.sign(codes), codes >> dash)


class _Cells:
    def __init__(self, config: dict[str, Any], ending: str, most: int) -> None:
        self.threshold, self.bias, self.dash, dashes = (
            config[f"{name}{ending}"] for name in ("threshold", "bias", "dash_mem", "dash_syns")
        )
        self.threshold, self.bias = np.array(self.threshold), np.array(self.bias)
        self.dash, self.most = np.array(self.dash, np.int64), most
        self.has = np.array([[k < len(d) for d in dashes] for k in range(2)])
        self.dashes = np.array([[d[min(k, len(d) - 1)] for d in dashes] for k in range(2)])
        self.reset()

    def reset(self) -> None:
        self.v, self.c = np.zeros(len(self.dash), int), np.zeros(self.dashes.shape, int)

    def advance(self) -> Array:
        self.c = self.c - lost(self.c, self.dashes)
        change = sat((self.c * self.has).sum(0) - lost(self.v, self.dash))
        self.v = sat(self.v + sat(change + self.bias))
        count = np.clip(self.v // self.threshold, 0, self.most)
        self.v = self.v - count * self.threshold
        return count


class XyloLayer:
    def __init__(self, **config: Any) -> None:
        assert not any(config["aliases"])
        assert config["has_bias"] == any((*config["bias"], *config["bias_out"]))
        self.config = config
        self.hidden, self.outputs = _Cells(config, "", 31), _Cells(config, "_out", 1)

    def reset_all(self) -> None:
        self.hidden.reset()
        self.outputs.reset()

    def evolve(self, steps: list[list[int]]) -> None:
        before = np.zeros(len(self.hidden.v), int)
        seen: list[list[Array]] = [[] for _ in range(8)]
        for given in steps:
            self._deliver(given, "in", "inp", self.hidden)
            self._deliver(before, "rec", "rec", self.hidden)
            self._deliver(before, "out", "out", self.outputs)
            before, out = self.hidden.advance(), self.outputs.advance()
            for rows, now in zip(seen, (before, out, *self._states()), strict=True):
                rows.append(now)
        self.rec_recurrent_spikes, self.rec_out_spikes, *others = map(np.array, seen)
        names = "i_syn", "i_syn2", "v_mem", "i_syn_out", "i_syn2_out", "v_mem_out"
        for name, rows in zip(names, others, strict=True):
            setattr(self, f"rec_{name}", rows.T)

    def _states(self) -> list[Array]:
        cells = self.hidden, self.outputs
        return [each.copy() for own in cells for each in (*own.c, own.v)]

    def _deliver(self, counts: Any, name: str, shift: str, cells: _Cells) -> None:
        places = self.config[f"weight_shift_{shift}"]
        for pre, count in enumerate(counts):
            for neuron, current, weight in self.config[f"synapses_{name}"][pre]:
                for _ in range(count):
                    cells.c[current, neuron] = sat(cells.c[current, neuron] + (weight << places))
