"""What this machine is and can do."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib import import_module, metadata, util
from pathlib import Path

from ..backends.artifact.package import compiler_version
from .settings import usable_threads

PACKAGES = ("numpy", "numba", "llvmlite", "networkx", "lark", "safetensors", "typer", "rich")
# Module, what it is for, the line that brings it.
EXTRAS = (
    ("matplotlib", "snncc plot", "pip install 'snncc[plot]'"),
    ("hypothesis", "the tests", "pip install 'snncc[dev]'"),
    ("onnxruntime", "ONNX models in snncc diff", "pip install 'snncc[onnx]'"),
    ("h5py", "snncc import", "pip install 'snncc[nir]'"),
    ("pymetis", "METIS in snncc map --baselines", "pip install 'snncc[mapping]'"),
    ("mtkahypar", "Mt-KaHyPar in the same", "pip install 'snncc[mapping]'"),
    ("PIL", "data of images", "pip install 'snncc[images]'"),
    ("numba_cuda", "the target gpu", "pip install 'snncc[cuda]'"),
    ("mkdocs", "the manual", "pip install 'snncc[docs]'"),
)
FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512vl", "amx_tile", "asimd", "sve")
TIMEOUT = 10.0


def versions() -> dict[str, str]:
    """The versions of snncc, Python and the packages that it stands on."""
    found = {"snncc": compiler_version(), "python": platform.python_version()}
    return found | {name: package_version(name) for name in PACKAGES}


def package_version(name: str) -> str:
    """The installed version of a distribution; "missing" if there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"


def is_importable(module: str) -> bool:
    """Whether a module could be imported, without importing it."""
    try:
        return util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def is_loadable(module: str) -> bool:
    """Whether a compiled module and the libraries under it load."""
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def machine() -> dict[str, object]:
    """What a result should be read against: processor, memory, system."""
    return {
        "processor": processor(),
        "threads": usable_threads(),
        "memory_gib": round(memory_bytes() / 2**30, 1),
        "system": platform.platform(),
    }


def processor() -> str:
    """The processor's name."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def cpu_features() -> tuple[str, ...]:
    """The vector instruction sets of the processor, of those that matter here."""
    flags = set((_cpuinfo("flags") or _cpuinfo("Features")).split())
    return tuple(name for name in FEATURES if name in flags)


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return ""
    for line in path.read_text(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def memory_bytes() -> int:
    """The memory that a process can have: the machine's, or what its container is allowed."""
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_container_limits()])


def _container_limits() -> list[int]:
    texts = [path.read_text().strip() for path in CONTAINER_LIMITS if path.is_file()]
    return [int(text) for text in texts if text.isdigit()]


# Of control groups, version 2 and 1; without a limit the first says "max".
CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def gpus() -> tuple[str, ...]:
    """The NVIDIA GPUs and their driver, as nvidia-smi tells them; none if it is not there."""
    query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    return tuple(_output("nvidia-smi", *query).splitlines())


def git_commit(folder: Path) -> str | None:
    """The commit that the folder's files are at; None outside a repository."""
    return _output("git", "-C", str(folder), "rev-parse", "HEAD").strip() or None


def _output(program: str, *arguments: str) -> str:
    path = shutil.which(program)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
