"""A chain compiled for the CPU, in a module of its own; a rule's kernels call it by its address.

So any chain costs its own lines and no more: the kernels of a rule compile once for all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from ...compiled.text.modules import digest, load_module, writable
from ...compiled.text.sources import BACKENDS
from ..table import ROW, WHOLE, Chain
from ..text import NAMES, formulas, names

INNER = 'njit(cache=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)'
_HEAD = f"""\
# Made by snncc from the steps of an optimizer.
import math

import numpy as np
from numba import cfunc, njit

from {BACKENDS}.cpu.units import UPDATE

{NAMES}
f64 = np.float64
PIECE = 4096  # weights whose gradients are added up at a time
"""
_ROW = """\
@{inner}
def one_row(numbers, pace, weights, first, second, gradient, scale):
    size, eps, rate = pace
    k = ZERO
{pull}{casts}
    for j in range(len(weights)):
        w, m, v = change(
            weights[j], scale * gradient[j], {moments}, k, size, eps, rate, {names}
        )
        weights[j] = w
{stores}

@njit(cache=True)
def alone(numbers, size, eps, rate, weights, first, second, gradient, scale):
    one_row(numbers, (size, eps, rate), weights, first, second, gradient, scale)


@cfunc(UPDATE, cache=True)
def update_row(numbers, pace, weights, first, second, gradient, scale):
    one_row(numbers, pace, weights, first, second, gradient, scale)
"""
_PULL = """\
    squares = 0.0
    for j in range(len(weights)):
        squares += f64(weights[j]) * f64(weights[j])
    if len(weights) > 0:
        k = f32(pull(squares, f64(len(weights)), {numbers}))
"""
_CLIP = """\
@njit(cache=True)
def factor(numbers, gradient, scale):
    squares, size = 0.0, gradient.shape[1]
    for first in range(0, size, PIECE):
        last = min(first + PIECE, size)
        total = gradient[0, first:last].copy()
        for group in range(1, gradient.shape[0]):
            part = gradient[group, first:last]
            for at in range(last - first):
                total[at] += part[at]
        for at in range(last - first):
            squares += f64(scale * total[at]) * f64(scale * total[at])
    return scale * f32(clip(math.sqrt(squares), {numbers}))
"""


class CpuChain(NamedTuple):
    """`update_row` is a function pointer, `alone` the same as a function of the host, `numbers`
    what both take first; `factor` (None where the chain is local) gives the factor of a batch's
    gradients f32[groups, W] from that of their mean."""

    numbers: Any  # f64[…]
    update_row: Any
    alone: Any
    factor: Any


def load_chain(chain: Chain, folder: Path) -> CpuChain:
    """The compiled chain; its text lies in `folder`."""
    text = chain_source(chain)
    name = f"snncc_cpu_chain_{digest(numba.__version__, text)}"
    module = load_module(name, text, writable(folder))
    factor = getattr(module, "factor", None)
    return CpuChain(numbers_of(chain), module.update_row, module.alone, factor)


def numbers_of(chain: Chain) -> npt.NDArray[np.float64]:
    """The chain's numbers as the kernels take them."""
    return np.array(chain.numbers, np.float64)


def chain_source(chain: Chain) -> str:
    """The text of the chain's module."""
    numbers = ", ".join(f"numbers[{k}]" for k in range(len(chain.numbers)))
    kept = ["first", "second"][: chain.moments]
    row = _ROW.format(
        inner=INNER,
        pull=_PULL.format(numbers=numbers) if chain.of(ROW) else "",
        casts="".join(f"    n{k} = f32(numbers[{k}])\n" for k in range(len(chain.numbers))),
        moments=", ".join([*(f"{name}[j]" for name in kept), "ZERO", "ZERO"][:2]),
        names=names(chain),
        stores="".join(f"        {n}[j] = {x}\n" for n, x in zip(kept, "mv", strict=False)),
    )
    clip = _CLIP.format(numbers=numbers) if chain.of(WHOLE) else ""
    return "\n".join([_HEAD, formulas(chain, f"@{INNER}"), row, clip])


class Optimizer(NamedTuple):
    """A chain as the kernels take it, for the updates after number `before`."""

    update_row: Any  # pointer to a function
    numbers: Any  # f64[…]
    size: Any  # f32[updates]
    eps: Any  # f32[updates]
    rate: np.float32
    factor: Any  # f32[J] of the projections' learning rates
    before: int
