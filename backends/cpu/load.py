"""Generated modules on disk and in memory, so that a network compiles once per machine."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numba

from ...ir.neuron import NeuronStep
from .codegen import KERNEL_MODULE, graph_source, kernel_source


def load_kernels(steps: Sequence[NeuronStep], folder: Path) -> ModuleType:
    """The compiled-on-demand module of a graph with these neuron steps, kept under `folder`."""
    fixed = kernel_source()
    own = graph_source(steps)
    folder = _writable(folder)
    kernels = _load(KERNEL_MODULE, fixed, _digest(fixed), folder)
    digest = _digest(fixed + own)
    module = _load(f"snncc_cpu_{digest}", own, digest, folder)
    assert kernels.__name__ == KERNEL_MODULE
    return module


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


def _load(name: str, text: str, digest: str, folder: Path) -> ModuleType:
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "DIGEST", None) == digest:
        return loaded
    path = folder / f"{name}-{digest}.py" if name == KERNEL_MODULE else folder / f"{name}.py"
    content = f"{text}\nDIGEST = {digest!r}\n"
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        _write(path, content)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
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
