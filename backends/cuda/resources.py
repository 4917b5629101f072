"""What a kernel takes of a card, found by assembling its PTX; no GPU is needed."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...ir.kept import keep_sealed, kept_sealed
from ..compiled.text.modules import digest, writable
from .build import MODULE, Ptx, capability

WARP = 32
REGISTERS = 65536  # of a multiprocessor
REGISTER_UNIT = 256  # a warp's registers are given in units of so many
SHARED_UNIT = 128
_SHARED = re.compile(
    r"^\s*(?:\.(?:visible|weak)\s+)?\.shared\s+\.align\s+(\d+)\s+\.b8\s+[\w$]+\[(\d+)\]",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one multiprocessor holds at once; `shared` is its shared memory, `block_shared` what one
    block may have of it, `reserved` what the system takes for each block. All in bytes."""

    warps: int
    blocks: int
    shared: int
    block_shared: int
    reserved: int


# CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
LIMITS: dict[str, Limits] = {
    "sm_75": Limits(32, 16, 64 << 10, 64 << 10, 0),
    "sm_80": Limits(64, 32, 164 << 10, 163 << 10, 1 << 10),
    "sm_86": Limits(48, 16, 100 << 10, 99 << 10, 1 << 10),
    "sm_89": Limits(48, 24, 100 << 10, 99 << 10, 1 << 10),
    "sm_90": Limits(64, 32, 228 << 10, 227 << 10, 1 << 10),
    "sm_100": Limits(64, 32, 228 << 10, 227 << 10, 1 << 10),
    "sm_120": Limits(48, 24, 100 << 10, 99 << 10, 1 << 10),
}


def known_arch(arch: str) -> str:
    """The newest architecture of `LIMITS` that a card of `arch` can run; ValueError if it is too
    old for all of them."""
    older = [name for name in LIMITS if capability(name) <= capability(arch)]
    if not older:
        raise ValueError(f"`{arch}` is older than every architecture that is supported")
    return max(older, key=capability)


@dataclass(frozen=True, slots=True)
class Resources:
    """A kernel's needs: registers and bytes of stack and spills a thread, barriers and bytes of
    static shared memory a block."""

    registers: int
    barriers: int
    shared: int
    stack: int
    spill_stores: int
    spill_loads: int

    def to_json(self) -> dict[str, Any]:
        """The numbers by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """Machine code for one architecture, and what the assembler said."""

    cubin: bytes
    log: str


class LinkError(ValueError):
    """PTX that the assembler refuses; the text is its own."""


def kept_cubin(ptx: str, arch: str, folder: Path) -> bytes:
    """The PTX as machine code for `arch`, assembled once a machine; LinkError if it is refused."""
    from cuda.bindings import nvjitlink

    made_from = digest(ptx, str(nvjitlink.version()), arch)
    path = writable(folder) / f"{MODULE}_{made_from}.cubin"
    cubin = kept_sealed(path, made_from)
    if cubin is None:
        cubin = link(ptx, arch).cubin
        keep_sealed(path, cubin, made_from)
    return cubin


def link(ptx: str, arch: str) -> Linked:
    """The PTX as machine code for `arch`; LinkError if the assembler refuses it."""
    from cuda.bindings import nvjitlink

    options = [f"-arch={arch}", "-verbose"]
    handle = nvjitlink.create(len(options), options)
    code = ptx.encode()
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, code, len(code), "kernel")
        nvjitlink.complete(handle)
        cubin = bytearray(nvjitlink.get_linked_cubin_size(handle))
        nvjitlink.get_linked_cubin(handle, cubin)
        return Linked(bytes(cubin), _log(handle, "info"))
    except nvjitlink.nvJitLinkError as error:
        raise LinkError(_log(handle, "error") or str(error)) from error
    finally:
        nvjitlink.destroy(handle)


def _log(handle: int, kind: str) -> str:
    from cuda.bindings import nvjitlink

    size = getattr(nvjitlink, f"get_{kind}_log_size")(handle)
    if size == 0:
        return ""
    text = bytearray(size)
    getattr(nvjitlink, f"get_{kind}_log")(handle, text)
    return text.decode(errors="replace").rstrip("\0\n")


def resources_of(ptx: Ptx, arch: str | None = None) -> Resources:
    """What the kernel takes on `arch` (default: the one that it was compiled for); LinkError if the
    assembler refuses it."""
    return _resources(link(ptx.text, arch or ptx.arch).log, ptx)


def static_shared(ptx: str) -> int:
    """Bytes of the shared arrays of fixed size; the assembler's number may hold reserved ones."""
    end = 0
    for unit, size in _SHARED.findall(ptx):
        end = _ceil(end, int(unit)) + int(size)
    return end


def _resources(log: str, ptx: Ptx) -> Resources:
    entry = ptx.entry
    _, found, about = log.partition(f"Compiling entry function '{entry}'")
    assert found, log
    about = about.partition("Compiling entry function")[0]
    return Resources(
        registers=_number(r"Used (\d+) registers", about),
        barriers=_number(r"used (\d+) barriers", about, 0),
        shared=static_shared(ptx.text),
        stack=_number(r"(\d+) bytes stack frame", about),
        spill_stores=_number(r"(\d+) bytes spill stores", about),
        spill_loads=_number(r"(\d+) bytes spill loads", about),
    )


def _number(pattern: str, text: str, default: int | None = None) -> int:
    found = re.search(pattern, text)
    if found is None:
        assert default is not None, (pattern, text)
        return default
    return int(found[1])


def blocks_per_multiprocessor(
    resources: Resources, threads: int, shared: int, limits: Limits
) -> int:
    """How many blocks of `threads` with `shared` bytes of dynamic memory one multiprocessor runs at
    once; 0 where not even one fits."""
    warps = -(-threads // WARP)
    of_warp = _ceil(max(resources.registers, 1) * WARP, REGISTER_UNIT)
    own = resources.shared + shared
    if own > limits.block_shared:
        return 0
    whole = _ceil(own + limits.reserved, SHARED_UNIT)
    by_registers = REGISTERS // of_warp // warps
    by_shared = limits.shared // whole if whole else limits.blocks
    return min(limits.blocks, limits.warps // warps, by_registers, by_shared)


def _ceil(count: int, unit: int) -> int:
    return -(-count // unit) * unit
