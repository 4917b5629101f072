"""A graph's kernels, so that a network compiles once per machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numba

from ...ir.neuron import NeuronStep
from ..compiled.text.modules import digest, load_module, writable
from ..compiled.text.sources import Parts
from .codegen import KERNEL_MODULE, graph_source, kernel_source


@dataclass(frozen=True, slots=True)
class Kernels:
    """The fixed kernels, and the compiled neuron steps to hand them as their first argument."""

    module: ModuleType
    advance: Any


def load_kernels(steps: Sequence[NeuronStep], folder: Path, rule: Parts = ()) -> Kernels:
    """The kernels for a graph with these neuron steps, and those of a training rule; compiled on
    first use, kept in `folder`."""
    folder = writable(folder)
    # Starts Numba's threads. A kernel that calls a parallel one, and was compiled while that lay in
    # the cache, is loaded without them: its calls of their functions would be of address 0.
    numba.get_num_threads()
    fixed, own = kernel_source(rule), graph_source(steps)
    module = _load(KERNEL_MODULE, fixed, folder)
    return Kernels(module, _load("snncc_cpu_steps", own, folder).advance)


def _load(name: str, text: str, folder: Path) -> ModuleType:
    return load_module(f"{name}_{digest(numba.__version__, text)}", text, folder)
