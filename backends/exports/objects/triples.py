"""The machines that objects are made for, and the boards on which they are tested: one row each."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Board:
    """What a test runs on: a process of Linux, or a chip with its `memory` (flash and RAM, each
    from, bytes) whose debugger is asked for by `bkpt`. `leave` is the code of a function that ends
    the program; `command` emulates it, the program last."""

    command: tuple[str, ...]
    leave: bytes
    memory: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """A row. LLVM's `cpu`, `features` and `relocation`; `products`: instructions multiply words
    into 64 bits, `quotients`: and divide 64 bits; `is_small`: flash counts more than speed."""

    about: str
    cpu: str
    features: str
    products: bool
    quotients: bool
    is_small: bool
    board: Board
    relocation: str = "static"


def _arm_board(machine: str, flash: int, ram: int) -> Board:
    command = ("qemu-system-arm", "-M", machine, "-display", "none", "-monitor", "none")
    debugger = ("-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel")
    leave = bytes.fromhex("abbe fee7")  # bkpt 0xab; b .
    return Board((*command, *debugger), leave, ((0, flash), (0x20000000, ram)))


TRIPLES: dict[str, Triple] = {
    "x86_64-unknown-linux-gnu": Triple(
        "PC with Linux", "x86-64", "", True, True, False,
        Board(("qemu-x86_64",), bytes.fromhex("b83c000000 0f05")),  # mov eax, 60; syscall
        relocation="pic",
    ),
    "thumbv6m-none-eabi": Triple(
        "Cortex-M0, M0+, M1", "cortex-m0", "", False, False, True,
        _arm_board("microbit", 256 << 10, 16 << 10),
    ),
    "thumbv7em-none-eabi": Triple(
        "Cortex-M4, M7", "cortex-m4", "-fpregs", True, False, True,
        _arm_board("mps2-an386", 4 << 20, 4 << 20),
    ),
    "riscv32-unknown-none-elf": Triple(
        "RV32IMC", "generic-rv32", "+m,+c", True, False, True,
        Board(("qemu-riscv32",), bytes.fromhex("9308d005 73000000")),  # li a7, 93; ecall
    ),
}  # fmt: skip


def host() -> str | None:
    """The triple of this machine; None where no row is for it."""
    is_known = sys.platform == "linux" and platform.machine() == "x86_64"
    return "x86_64-unknown-linux-gnu" if is_known else None
