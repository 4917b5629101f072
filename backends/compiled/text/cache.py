"""Where Numba keeps the machine code of generated modules."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import caching
from numba.core.caching import IndexDataCacheFile
from numba.core.serialize import dumps

from ....ir.kept import keep_sealed, kept_sealed
from .sources import STAMP


class Stamp(str):
    """The digest of a generated module's text: Numba then keeps its code as `SealedCode`."""

    __slots__ = ()


class SealedCode:
    """The machine code of one function, in Numba's interface: a file for each signature.

    Numba's own files are pickles without a checksum, and loading machine code of which a bit has
    changed ends the process; the names of the data lie in an index, which two processes that
    write at once can make to name each other's.
    """

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Stamp) -> None:
        self._base = Path(cache_path) / filename_base
        self._made_from = (filename_base, source_stamp, numba.__version__)

    def load(self, key: Any) -> Any:
        """What was kept for the signature, processor and code of the key; None if nothing was."""
        content = kept_sealed(self._path(key), *self._made_from)
        if content is None:
            return None
        found, data = pickle.loads(content)  # noqa: S301 - sealed, and this user's own
        return data if found == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep it."""
        content = dumps((key, data))  # type: ignore[no-untyped-call]
        keep_sealed(self._path(key), content, *self._made_from)

    def _path(self, key: Any) -> Path:
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:20]
        return self._base.with_name(f"{self._base.name}.{name}.nbc")


def code_cache(cache_path: str, filename_base: str, source_stamp: Any) -> Any:
    """Where Numba is to keep a function's code: its own class is for others' functions."""
    chosen = SealedCode if isinstance(source_stamp, Stamp) else IndexDataCacheFile
    return chosen(cache_path, filename_base, source_stamp)


class WholeText:
    """A cache locator of Numba: beside the module that a function was joined into, by the text of
    its closure where that is known, else by the module's. Numba's own go by the file that a
    function bears, and miss a change in another."""

    def __init__(self, function: Callable[..., Any]) -> None:
        module = function.__globals__
        self._py_file = module["__file__"]  # Numba's name, for its warnings
        self._place = f"{module['__name__']}-{function.__code__.co_firstlineno}"
        self._stamp = Stamp(getattr(function, STAMP, module[STAMP]))
        self._is_own = hasattr(function, STAMP)

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> WholeText | None:
        """A locator for a function of a generated module, None for any other."""
        return cls(function) if STAMP in function.__globals__ else None

    def ensure_cache_path(self) -> None:
        """Nothing: `SealedCode` makes the folder."""

    def get_cache_path(self) -> str:
        """The folder."""
        return str(Path(self._py_file).parent / "__pycache__")

    def get_source_stamp(self) -> Stamp:
        """What machine code must have been made from to be used."""
        return self._stamp

    def get_disambiguator(self) -> str:
        """What tells this function from those of its name in its file: of another module too, where
        it is not the same."""
        return str(self._stamp) if self._is_own else self._place


def keep_by_text() -> None:
    """Let Numba ask `WholeText` before its own locators, and keep code as `code_cache` says."""
    own = f"{__name__}.{WholeText.__name__}"
    chosen = getattr(numba.config, "CACHE_LOCATOR_CLASSES", "")
    if chosen and own not in chosen:
        numba.config.CACHE_LOCATOR_CLASSES = f"{own},{chosen}"  # type: ignore[attr-defined]
    classes: list[Any] = caching.CacheImpl._locator_classes
    if WholeText not in classes:
        classes.insert(0, WholeText)
    caching.IndexDataCacheFile = code_cache  # type: ignore[assignment, misc]
