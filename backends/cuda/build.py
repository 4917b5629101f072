"""Generated CUDA modules compiled to PTX by numba-cuda, without a GPU."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from ...ir.kept import keep, kept
from ..compiled.text.modules import digest, load_module, writable
from .params import Param, check_params, params_of, scalar_type

ARCH = re.compile(r"sm_([0-9]+)([0-9])")
MODULE = "snncc_cuda"
_MARK = "// snncc "
_NAMES = re.compile(r"\b_(?:ZN|cudapy)[\w$]+")
_UNUSED = re.compile(r"^\.common \.global .*NumbaEnv.*\n", re.MULTILINE)
_LOCK = Lock()


@dataclass(frozen=True, slots=True, eq=False)
class KernelProgram:
    """A generated module and how its entry, a plain function of that name, is launched.

    `example_args` are arguments like those of a launch: named tuples of C-contiguous NumPy arrays
    and scalars, bare arrays and scalars; only their types count. `shared` is bytes of dynamic
    shared memory a block. `contract` allows a * b + c to be rounded once.
    """

    source: str
    entry: str
    example_args: tuple[Any, ...]
    threads: int
    shared: int
    max_registers: int | None = None
    contract: bool = False


@dataclass(frozen=True, slots=True)
class Ptx:
    """An entry compiled for cards of `arch` (sm_80, …) and newer ones. `key` is the checksum of all
    that it was made from, save the versions of the tools."""

    text: str
    entry: str
    arch: str
    params: tuple[Param, ...]
    key: str

    def __post_init__(self) -> None:
        check_params(self.params, self.text, self.entry)


def capability(arch: str) -> tuple[int, int]:
    """(9, 0) for sm_90; ValueError for anything that names no architecture."""
    found = ARCH.fullmatch(arch)
    if found is None:
        raise ValueError(f"`{arch}` is no architecture such as sm_90")
    return int(found[1]), int(found[2])


def program_key(program: KernelProgram, params: Sequence[Param]) -> str:
    """The checksum of all that a kernel is made from."""
    made = (program.entry, program.threads, program.max_registers, program.contract, *params)
    return digest(program.source, *map(repr, made))


def build_ptx(program: KernelProgram, arch: str, folder: Path) -> Ptx:
    """The program's entry for a card of `arch`: as a package brought it into `folder`, or compiled,
    once a machine, and kept there."""
    folder = writable(folder)
    params = params_of(program.source, program.entry, program.example_args)
    key = program_key(program, params)
    brought = _brought(folder, key, arch)
    if brought is not None:
        text, arch = brought
        return Ptx(text, program.entry, arch, params, key)
    path = folder / f"{MODULE}_{digest(key, arch, *tool_versions())}.ptx"
    text = _read(path) or _keep(path, _compile(program, arch, folder))
    return Ptx(text, program.entry, arch, params, key)


def bring(folder: Path, key: str, arch: str, text: str) -> None:
    """Put PTX where `build_ptx` finds it for every card of `arch` or newer."""
    _keep(folder / f"{MODULE}_{key}.{arch}.ptx", text)


def _brought(folder: Path, key: str, arch: str) -> tuple[str, str] | None:
    """PTX for the newest architecture that the card can run, and that architecture."""
    found = {capability(p.stem.rpartition(".")[2]): p for p in folder.glob(f"{MODULE}_{key}.*.ptx")}
    usable = [version for version in found if version <= capability(arch)]
    text = _read(found[max(usable)]) if usable else None
    return None if text is None else (text, "sm_{}{}".format(*max(usable)))


def tool_versions() -> tuple[str, ...]:
    """The versions of what turns Python into PTX."""
    from cuda.bindings import nvvm

    return *(metadata.version(name) for name in ("numba", "numba-cuda")), str(nvvm.version())


def _read(path: Path) -> str | None:
    """The PTX that was kept, if it is whole."""
    text, _, checksum = (kept(path) or b"").decode(errors="replace").rpartition(_MARK)
    return text if digest(text) == checksum.strip() else None


def _keep(path: Path, text: str) -> str:
    keep(path, f"{text}{_MARK}{digest(text)}\n".encode())
    return text


def _compile(program: KernelProgram, arch: str, folder: Path) -> str:
    from numba.cuda import types
    from numba.cuda.compiler import compile_cuda, kernel_fixup
    from numba.cuda.cudadrv.nvvm import set_launch_bounds

    name = f"{MODULE}_{digest(program.source)}_{arch}"
    function = getattr(load_module(name, program.source, folder), program.entry)
    arguments = tuple(_type(str(k), a) for k, a in enumerate(program.example_args))
    options = {"opt": 3, "fma": int(program.contract)}
    version = capability(arch)
    with _LOCK, _devices_of(version):
        made = compile_cuda(function, types.void, arguments, nvvm_options=options, cc=version)
        kernel = made.library.get_function(made.fndesc.llvm_func_name)
        kernel_fixup(kernel, False)
        set_launch_bounds(kernel, program.threads)
        (text,) = made.library.get_asm_strs(cc=version)
    return _bound(_plain(text, kernel.name, program.entry), program.max_registers) + "\n"


def _plain(text: str, symbol: str, entry: str) -> str:
    """The text with plain names: Numba's spell out all types and count the compilations before."""
    text = _UNUSED.sub("", text.replace(symbol, entry))
    names = {name: f"snncc_{k}" for k, name in enumerate(dict.fromkeys(_NAMES.findall(text)))}
    return _NAMES.sub(lambda found: names[found[0]], text)


def _bound(text: str, registers: int | None) -> str:
    if registers is None:
        return text
    return re.sub(r"(\.entry\s+\w+\s*\(.*?\))", rf"\1\n.maxnreg {registers}", text, flags=re.S)


@contextmanager
def _devices_of(version: tuple[int, int]) -> Iterator[None]:
    """Numba compiles device functions for the card at hand; here, for one of this capability."""
    from numba.cuda import dispatcher

    @dataclass(frozen=True, slots=True)
    class Card:
        compute_capability: tuple[int, int]

    present = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: Card(version)
    try:
        yield
    finally:
        dispatcher.get_current_device = present


def _type(path: str, value: Any) -> Any:
    """Numba's type of an argument."""
    from numba.cuda import types

    if isinstance(value, tuple):
        inner = [_type(f"{path}.{k}", v) for k, v in enumerate(value)]
        return types.BaseTuple.from_types(inner, type(value) if hasattr(value, "_fields") else None)
    if isinstance(value, np.ndarray):
        return types.Array(_number(value.dtype.name), value.ndim, "C")
    return _number(scalar_type(path, value))


def _number(name: str) -> Any:
    from numba.cuda import types

    return types.boolean if name == "bool" else getattr(types, name)
