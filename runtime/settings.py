"""What the command line tells everything below it; nobody else reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Folders: the user's data sets, if named, and what snncc keeps (data sets that it fetched,
    kernels that it
    compiled, the analysis of the grammar)."""

    data_folder: Path | None
    cache: Path

    @property
    def cache_folder(self) -> Path:
        """Where fetched data sets lie."""
        return self.cache / "data"

    @property
    def kernel_folder(self) -> Path:
        """Where compiled kernels lie."""
        return self.cache / "kernels"

    @property
    def grammar_folder(self) -> Path:
        """Where the analysis of the language's grammar lies."""
        return self.cache / "grammar"

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
    return Settings(Path(named) if named else None, base / "snncc")


def usable_threads() -> int:
    """The number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
