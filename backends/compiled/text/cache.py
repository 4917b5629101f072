"""Where Numba keeps the machine code of generated modules."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

STAMP = "__text_digest__"  # a generated module's, of its whole text


class WholeText:
    """A cache locator of Numba: beside the module that a function was joined into, by its whole
    text. Numba's own go by the file that a function bears, and miss a change in another."""

    def __init__(self, module: ModuleType, line: int) -> None:
        assert module.__file__ is not None
        self._py_file = module.__file__  # Numba's name, for its warnings
        self._module = module
        self._line = line

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> WholeText | None:
        """A locator for a function of a generated module, None for any other."""
        module = sys.modules.get(function.__module__)
        if module is None or not hasattr(module, STAMP):
            return None
        return cls(module, function.__code__.co_firstlineno)

    def ensure_cache_path(self) -> None:
        """Make the folder."""
        Path(self.get_cache_path()).mkdir(exist_ok=True)

    def get_cache_path(self) -> str:
        """The folder."""
        return str(Path(self._py_file).parent / "__pycache__")

    def get_source_stamp(self) -> str:
        """What machine code must have been made from to be used."""
        return str(getattr(self._module, STAMP))

    def get_disambiguator(self) -> str:
        """What tells this function from those of its name in its file: of another module too."""
        return f"{self._module.__name__}-{self._line}"


def keep_by_text() -> None:
    """Let Numba ask `WholeText` before its own locators."""
    from numba import config
    from numba.core.caching import CacheImpl

    own = f"{__name__}.{WholeText.__name__}"
    chosen = getattr(config, "CACHE_LOCATOR_CLASSES", "")
    if chosen and own not in chosen:
        config.CACHE_LOCATOR_CLASSES = f"{own},{chosen}"  # type: ignore[attr-defined]
    if WholeText not in CacheImpl._locator_classes:
        CacheImpl._locator_classes.insert(0, WholeText)
