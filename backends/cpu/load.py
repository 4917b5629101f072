"""Generated modules on disk and in memory, so that a network compiles once per machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numba

from ...ir.neuron import NeuronStep
from .codegen import KERNEL_MODULE, graph_source, kernel_source


@dataclass(frozen=True, slots=True)
class Kernels:
    """The fixed kernels, and the compiled neuron steps to hand them as their first argument."""

    module: ModuleType
    advance: Any


def load_kernels(steps: Sequence[NeuronStep], folder: Path) -> Kernels:
    """The kernels for a graph with these neuron steps, compiled on first use, kept in `folder`."""
    folder = _writable(folder)
    fixed, own = kernel_source(), graph_source(steps)
    module = _load(KERNEL_MODULE, fixed, folder)
    return Kernels(module, _load("snncc_cpu_steps", own, folder).advance)


def _digest(text: str) -> str:
    return hashlib.sha256(f"{numba.__version__}\n{text}".encode()).hexdigest()[:20]


def _writable(folder: Path) -> Path:
    """The folder, made if need be; a temporary one where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="snncc-kernels-"))
    if os.access(folder, os.W_OK):
        return folder
    return Path(tempfile.mkdtemp(prefix="snncc-kernels-"))


def _load(name: str, text: str, folder: Path) -> ModuleType:
    name = f"{name}_{_digest(text)}"
    if name in sys.modules:
        return sys.modules[name]
    path = folder / f"{name}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        _write(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _write(path: Path, content: str) -> None:
    """Write atomically, so that two processes starting at once both find a whole file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    os.replace(temporary, path)
