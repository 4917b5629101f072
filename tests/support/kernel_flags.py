"""Kernels that ask at run time what a network has, so that one module serves every test.

A user's kernels have their features written out, and are compiled for every set of them anew. Here
a feature is a number behind an address that each process has of its own; the rest of the text is
the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snncc.backends.compiled.text.modules import digest
from snncc.backends.compiled.text.sources import Parts
from snncc.backends.cpu import load
from snncc.backends.cpu.codegen import CLOCKED, ENTRIES, OF_CODES, kernel_source
from snncc.backends.cpu.load import Kernels, load_kernels
from snncc.ir.graph import Semantics

# Tests that share a module of kernels, which one worker compiles (`--dist loadgroup`): two would
# compile it both, at the same time.
FORWARD, SPIKE_TRAIN, THROUGH_TIME = (
    pytest.mark.xdist_group(f"kernels {name}")
    for name in ("forward", "spike train", "through time")
)
WRITTEN = ("CODES", "PRESENTED")
FEATURE = re.compile(r"^([A-Z_]+) = True\b.*$", re.MULTILINE)
# `flag(k)` is compiled in each process, since its address is: what calls it can be kept.
HEAD = """
import numba
import numpy as np
from llvmlite import binding
from numba import types
from numba.extending import intrinsic

FLAGS = np.zeros({count}, np.int64)
PLACE = FLAGS.ctypes.data

@intrinsic
def flags(typing):
    def pointer(context, builder, signature, arguments):
        place = context.get_constant(types.intp, PLACE)
        return builder.inttoptr(place, context.get_value_type(signature.return_type))

    return types.CPointer(types.int64)(), pointer

@numba.cfunc(types.int64(types.int64))
def read_flag(k):
    return flags()[k]

binding.add_symbol("{symbol}", read_flag.address)
flag = types.ExternalFunction("{symbol}", types.int64(types.int64))
"""


def flagged(features: Mapping[str, bool], rule: Parts = ()) -> tuple[str, list[str]]:
    """The text of all kernels, and the names of its flags in their order. What decides the types of
    arrays is written out."""
    text = kernel_source({name: features.get(name, False) for name in WRITTEN}, rule)
    names = [name for name in FEATURE.findall(text) if name not in WRITTEN]
    assert set(features) <= {*names, *WRITTEN}
    for name in names:
        text = re.sub(rf"^{name} = True\b.*$", "", text, flags=re.MULTILINE)
    for k, name in enumerate(names):
        text = re.sub(rf"\b{name}\b", f"flag({k})", text)
    symbol = f"snncc_flag_{digest(text)}"
    return HEAD.format(count=len(names), symbol=symbol) + text, names


def load_for_all(
    steps: Any,
    folder: Path,
    features: Mapping[str, bool],
    rule: Parts = (),
    means: Semantics = CLOCKED,
    synapses: Any = (),
) -> Kernels:
    """The kernels of every network, which look at its features when they are called."""
    text, names = flagged(features, rule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "kernel_source", lambda *_: text)
        kernels = load_kernels(steps, folder, features, rule, means, synapses)
    has = [features.get(name, False) for name in names]

    def entry(name: str) -> Any:
        def call(*arguments: Any) -> Any:
            kernels.module.FLAGS[:] = has
            return getattr(kernels.module, name)(*arguments)

        return call

    entries = {name: entry(name) for name in (*ENTRIES, *OF_CODES) if hasattr(kernels.module, name)}
    return Kernels(SimpleNamespace(**entries), kernels.advance)
