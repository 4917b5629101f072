"""What a folder for an emulator of Loihi says of itself."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from .flavours import Flavour


def data(name: str) -> str:
    """The text of a file that goes into folders."""
    return (files(__package__) / "data" / name).read_text()


def readme(net: dict[str, Any], row: Flavour) -> str:
    """The text of README.md."""
    low, high = int(row.delays.low), int(row.delays.high)
    return data("README.md").format(
        network=net["network"],
        emulator=row.summary,
        flavour=net["flavour"],
        packages=row.packages,
        inputs=sum(one["neurons"] for one in net["inputs"]),
        keep_u="(4096 - du - 1)" if row.offset else "(4096 - du)",
        clipped="clipped to +-(2^23 - 1)" if row.clips else "which must stay in +-(2^23 - 1)",
        own=row.own,
        delays=f"{low} step" if low == high else f"{low} to {high} steps",
        least=f"{row.least_input} step{'' if row.least_input == 1 else 's'}",
        lags="\n".join(f"| {one['name']} | {one['lag']} |" for one in net["populations"]),
    )
