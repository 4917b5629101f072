"""What the command line tells everything below it; nobody else reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where data sets are looked for, in this order, and where fetched ones go."""

    data_folder: Path | None
    cache_folder: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that may hold data sets, the first one first."""
        named = () if self.data_folder is None else (self.data_folder,)
        return (*named, self.cache_folder)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings that environment variables ask for: SNNCC_DATA and XDG_CACHE_HOME."""
    named = environment.get("SNNCC_DATA", "")
    cache = environment.get("XDG_CACHE_HOME", "")
    home = Path(environment.get("HOME", "~")).expanduser()
    base = Path(cache) if cache else home / ".cache"
    return Settings(Path(named) if named else None, base / "snncc" / "data")


def usable_threads() -> int:
    """The number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
