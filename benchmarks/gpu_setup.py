"""What of `gpu.sh`'s needs is missing here, each tried for real: `python benchmarks/gpu_setup.py`.

Exit status 1, and a line with all that is missing, if there is something.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGES = (
    "lark networkx numba numba_cuda numpy rich safetensors typer torch triton pytest hypothesis"
)
ROOT = Path(__file__).resolve().parents[1]


def missing() -> Iterator[str]:
    """The packages that are not here, that are too old, and the libraries that do not load."""
    absent = [name for name in PACKAGES.split() if find_spec(name) is None]
    yield from absent
    if "numba_cuda" not in absent:
        yield from _too_old(version("numba-cuda"), oldest_numba_cuda())
    for name, attempt in ATTEMPTS.items():
        yield from _reason(name, attempt)


def oldest_numba_cuda() -> str:
    """The oldest version that the package takes."""
    found = re.search(r"numba-cuda\[cu13\]>=([0-9.]+)", (ROOT / "pyproject.toml").read_text())
    assert found is not None
    return found[1]


def _too_old(found: str, oldest: str) -> Iterator[str]:
    if _numbers(found) < _numbers(oldest):
        yield f"numba-cuda {oldest} (here is {found})"


def _numbers(version: str) -> list[int]:
    return [int(n) for n in re.findall(r"[0-9]+", version)[:3]]


def _reason(name: str, attempt: Callable[[], None]) -> Iterator[str]:
    # ImportError: no such module; RuntimeError: NVIDIA's finder of libraries found none;
    # AttributeError: versions that do not go together.
    try:
        attempt()
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        yield f"{name} ({first[:200]})"


def _compiler() -> None:
    # numba brings a `cuda` of its own; numba-cuda's takes its place by a .pth file.
    found = import_module("numba.cuda").__file__
    if "numba_cuda" not in str(found):
        raise ImportError(f"numba.cuda is {found}: the .pth file of numba-cuda was not run")
    import_module("numba.cuda.cudaimpl")  # what compiles; 0.30.4 does not load beside NumPy 2.5


ATTEMPTS: dict[str, Callable[[], None]] = {
    "numba.cuda": _compiler,
    "nvidia-nvvm": lambda: import_module("cuda.bindings.nvvm").version(),
    "nvidia-nvjitlink": lambda: import_module("cuda.bindings.nvjitlink").version(),
    "nvidia-cuda-nvrtc": lambda: import_module("cuda.bindings.nvrtc").nvrtcVersion(),
}


def main() -> None:
    """Say what is missing."""
    found = list(missing())
    if found:
        sys.exit(f"missing: {', '.join(found)}; put the wheels into the folder .whl")


if __name__ == "__main__":
    main()
