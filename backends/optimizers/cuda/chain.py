"""A chain as text beside the kernels of a GPU, and its numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ....ir.graph import Graph, TrainSpec
from ..table import ROW, WHOLE, Chain, chain_of, rates_of
from ..text import NAMES, PACE, formulas

DECORATOR = "@cuda.jit(device=True)"


class Optimizer(NamedTuple):
    """A chain as the kernels take it."""

    numbers: Any  # f32[…]
    size: Any  # f32[updates]
    eps: Any  # f32[updates]
    rate: np.float32
    factor: Any  # f32[J] of the projections' learning rates
    pulls: int  # whether a regularizer adds to the gradients
    whole: int  # whether a step looks at the whole gradient, before any weight is updated


def optimizer_of(spec: TrainSpec, graph: Graph, rate: float, first: int, updates: int) -> Optimizer:
    """The chain of a spec and the factors of a graph, for updates from `first` (from 1) on."""
    chain = chain_of(spec)
    size, eps = chain.paces(rate, first, updates)
    return Optimizer(
        numbers=np.array(chain.numbers, np.float32),
        size=size,
        eps=eps,
        rate=np.float32(rate),
        factor=rates_of(graph),
        pulls=int(bool(chain.of(ROW))),
        whole=int(not chain.is_local),
    )


def chain_source(chain: Chain) -> str:
    """The steps, and `changed`, `pulled`, `clipped` over the array of their numbers."""
    numbers = "".join(f", numbers[{k}]" for k in range(len(chain.numbers)))
    given = f"w, g, m, v, k, {PACE}"
    bodies = {
        f"changed(numbers, {given})": f"change({given}{numbers})",
        "pulled(numbers, squares, synapses)": f"f32(pull(squares, synapses{numbers}))",
        "clipped(numbers, length)": f"f32(clip(length{numbers}))",
    }
    has = (True, bool(chain.of(ROW)), bool(chain.of(WHOLE)))
    neutral = ("", "ZERO", "ONE")
    functions = [
        f"{DECORATOR}\ndef {head}:\n    return {body if made else instead}\n"
        for (head, body), made, instead in zip(bodies.items(), has, neutral, strict=True)
    ]
    return "\n".join([NAMES, formulas(chain, DECORATOR), *functions])
