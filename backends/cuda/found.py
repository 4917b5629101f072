"""What of CUDA is on this machine, and what to type for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module, metadata, util
from typing import Any

EXTRA = 'pip install "snncc[cuda]"'
OLD_EXTRA = 'pip install "snncc[cuda12]"'
PACKAGES = ("numba_cuda", "cuda.bindings")
COMPILER = "numba.cuda.cudaimpl"  # loading it loads what compiles
OLDEST = (7, 5)  # the compute capability that CUDA 13 still compiles for
OLDEST_DRIVER = (12, 1)  # whose kernels take more than 4096 bytes of parameters


@dataclass(frozen=True, slots=True)
class Card:
    """One GPU: its name, its compute capability, its memory [bytes]."""

    name: str
    capability: tuple[int, int]
    memory: int


@dataclass(frozen=True, slots=True)
class Presence:
    """What was found; `driver` is the CUDA version that the driver supports, (13, 0), and `toolkit`
    that of the installed packages. `problem` says why nothing can run, with the way out."""

    is_simulated: bool
    toolkit: int | None
    driver: tuple[int, int] | None
    cards: tuple[Card, ...]
    problem: str | None


def is_simulated() -> bool:
    """Whether numba was imported with its CUDA simulator in place of the compiler."""
    import numba

    return bool(vars(numba.config)["ENABLE_CUDASIM"])


def available() -> str | None:
    """None where kernels can run, else what is missing and what to type."""
    return presence().problem


def can_compile() -> str | None:
    """None where kernels can become PTX, which needs no GPU; else what is missing."""
    if is_simulated():
        return "numba was started with its CUDA simulator: unset NUMBA_ENABLE_CUDASIM"
    return _missing_package() or _unloadable()


def arch_here() -> str | None:
    """The architecture of the card at hand, if there is one that kernels can be compiled for."""
    cards = presence().cards
    if not cards or cards[0].capability < OLDEST:
        return None
    return "sm_{}{}".format(*cards[0].capability)


def presence() -> Presence:
    """What of CUDA is here."""
    missing = _missing_package()
    if missing is not None:
        return Presence(False, None, None, (), missing)
    toolkit = _toolkit()
    if is_simulated():
        return Presence(True, toolkit, None, (), None)
    broken = _unloadable()
    if broken is not None:
        return Presence(False, toolkit, None, (), broken)
    try:
        return _of_driver(toolkit)
    except RuntimeError:  # the bindings found no libcuda
        problem = "no NVIDIA driver is installed here; it comes from https://www.nvidia.com/drivers"
        return Presence(False, toolkit, None, (), problem)


def _missing_package() -> str | None:
    for name in PACKAGES:
        try:
            found = util.find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            return f"{name.replace('_', '-')} is not installed: {EXTRA}"
    return None


def _unloadable() -> str | None:
    """Why the compiler does not load: numba-cuda 0.30.4 uses names that NumPy 2.5 has no more."""
    try:
        import_module(COMPILER)
    except (ImportError, AttributeError) as error:
        named = " and ".join(f"{n} {metadata.version(n)}" for n in ("numba-cuda", "numpy"))
        return f"{named} do not go together ({error}): {EXTRA} brings versions that do"
    return None


def _toolkit() -> int:
    from cuda import bindings

    return int(bindings.__version__.partition(".")[0])


def _of_driver(toolkit: int) -> Presence:
    from cuda.bindings import driver

    status = driver.cuInit(0)[0]
    number = driver.cuDriverGetVersion()[1]
    version = (number // 1000, number % 1000 // 10)
    if status == driver.CUresult.CUDA_SUCCESS:
        cards = tuple(_card(driver, k) for k in range(driver.cuDeviceGetCount()[1]))
        return Presence(False, toolkit, version, cards, _problem(toolkit, version, cards))
    problem = "the NVIDIA driver finds no GPU (`nvidia-smi` lists them)"
    if status != driver.CUresult.CUDA_ERROR_NO_DEVICE:
        problem = f"the NVIDIA driver does not start, {status.name}: `nvidia-smi` may say why"
    return Presence(False, toolkit, version, (), problem)


def _problem(toolkit: int, version: tuple[int, int], cards: tuple[Card, ...]) -> str | None:
    if not cards:
        return "the NVIDIA driver finds no GPU (`nvidia-smi` lists them)"
    shown = ".".join(map(str, version))
    if version < OLDEST_DRIVER:
        wanted = "the kernels' parameters need CUDA 12.1 (driver 530) or newer"
        return f"the driver is of CUDA {shown}, {wanted}: update the driver"
    if version[0] < toolkit:
        return f"the driver is of CUDA {shown}, the packages of CUDA {toolkit}: {OLD_EXTRA}"
    if cards[0].capability < OLDEST:
        major, minor = cards[0].capability
        return f"{cards[0].name} has compute capability {major}.{minor}; 7.5 or newer is needed"
    return None


def _card(driver: Any, number: int) -> Card:
    device = driver.cuDeviceGet(number)[1]
    key = driver.CUdevice_attribute
    major = driver.cuDeviceGetAttribute(key.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device)[1]
    minor = driver.cuDeviceGetAttribute(key.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device)[1]
    name = driver.cuDeviceGetName(256, device)[1].split(b"\0")[0].decode()
    return Card(name, (major, minor), driver.cuDeviceTotalMem(device)[1])
