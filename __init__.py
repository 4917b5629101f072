"""snncc: a compiler, trainer and simulator for spiking neural networks.

`load` opens a program, a package or a training run as a `Network`, which is run, evaluated, trained
and exported; see docs/python.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ir.diagnostics import CompileError
    from .runtime.api import Evaluation, Network, load
    from .runtime.recording import Recording

__all__ = ["CompileError", "Evaluation", "Network", "Recording", "load"]

_HOME = {
    "CompileError": "ir.diagnostics",
    "Evaluation": "runtime.api",
    "Network": "runtime.api",
    "Recording": "runtime.recording",
    "load": "runtime.api",
}


def __getattr__(name: str) -> Any:
    """What is exported is imported when it is first asked for: the command line does without."""
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
