"""A graph's kernels, so that a network compiles once per machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import numba

from ...ir.graph import Semantics
from ...ir.neuron import NeuronStep
from ...ir.rules import DRAWN, GIVEN, SENT
from ...ir.schemes.events import SynapseStep
from ..compiled.kinds import LIST, PAIRS, WINDOW
from ..compiled.plan import Plan
from ..compiled.text.closures import CLOSURES, closures
from ..compiled.text.modules import digest, load_module, writable
from ..compiled.text.sources import Parts
from .codegen import KERNEL_MODULE, graph_source, kernel_source

BESIDE = ("elementary", "records", "units", "vectors")
CLOCKED = Semantics()


@dataclass(frozen=True, slots=True)
class Kernels:
    """The fixed kernels, and the compiled neuron steps, whose address is their first argument."""

    module: ModuleType
    advance: Any

    @property
    def address(self) -> Any:
        """Where the neuron steps are; the function itself where nothing is compiled."""
        return getattr(self.advance, "address", self.advance)


def features_of(
    plan: Plan, is_wide: bool, means: Semantics = CLOCKED, is_presented: bool = False,
    is_recorded: bool = False, is_stateful: bool = False,
) -> dict[str, bool]:  # fmt: skip
    """What of `kernels/features.py` a network has that means this; `is_wide`: the threads are to
    share a sample; `is_presented`: another engine runs the samples; `is_recorded`: states are;
    `is_stateful`: synapses hold values."""
    return {
        "DRAWN": bool((plan.encoder == DRAWN).any()),
        "RASTER": bool((plan.encoder == GIVEN).any()),
        "STEADY": bool((plan.encoder == SENT).any()),
        "GRADED": bool((plan.emitted >= 0).any()),
        "DROPPED": bool((plan.dropped > 0).any()),
        "NOISY": bool(len(plan.noise)),
        "SOURCED": bool(plan.source.any()),
        "LATE": bool((plan.late >= 0).any()),
        "MATRIX": bool((plan.kind == PAIRS).any()),
        "LISTED": bool((plan.kind == LIST).any()),
        "WINDOWED": bool((plan.kind == WINDOW).any()),
        "WIDE": is_wide,
        "OFTEN": means.spikes_per_step > 1,
        "EACH": means.sums == "each",
        "CODES": means.integers > 0,
        "PRESENTED": is_presented,
        "RECORDED": is_recorded,
        "STATEFUL": is_stateful,
    }


def load_kernels(
    steps: Sequence[NeuronStep],
    folder: Path,
    features: Mapping[str, bool],
    rule: Parts = (),
    means: Semantics = CLOCKED,
    synapses: Sequence[SynapseStep] = (),
) -> Kernels:
    """The kernels for a graph with these steps of neurons and synapses and features, and those of a
    training rule; compiled on first use, kept in `folder`."""
    folder = writable(folder)
    # Starts Numba's threads. A kernel that calls a parallel one, and was compiled while that lay in
    # the cache, is loaded without them: its calls of their functions would be of address 0.
    numba.get_num_threads()
    fixed, own = kernel_source(features, rule), graph_source(steps, means, synapses)
    module = _load(KERNEL_MODULE, fixed, folder)
    return Kernels(module, _load("snncc_cpu_steps", own, folder).advance)


def with_scans(tables: Any, text: str, folder: Path) -> Any:
    """A rule's tables with the functions of a module of this text in the fields of their names."""
    module = _load("snncc_cpu_scans", text, writable(folder))
    return tables._replace(**{n: getattr(module, n) for n in tables._fields if hasattr(module, n)})


def _load(name: str, text: str, folder: Path) -> ModuleType:
    # Records and units decide how a kernel is called, though they are no part of its text.
    assert __package__ is not None
    beside = [resources.files(__package__).joinpath(f"{m}.py").read_text() for m in BESIDE]
    made = f"{CLOSURES} = {closures(text, digest(numba.__version__, *beside))!r}\n{text}"
    return load_module(f"{name}_{digest(made)}", made, folder)
