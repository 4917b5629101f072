"""What a user's mistake comes to: the diagnostics that a call ends with."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import pytest

from snncc.ir.diagnostics import CompileError, Diagnostic

P = ParamSpec("P")


def refusals(
    work: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> tuple[Diagnostic, ...]:
    """The diagnostics of the CompileError that the call raises."""
    with pytest.raises(CompileError) as caught:
        work(*args, **kwargs)
    return caught.value.diagnostics


def refused(code: str, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Diagnostic:
    """The one diagnostic of the CompileError that the call raises; it has that code."""
    (diagnostic,) = refusals(work, *args, **kwargs)
    assert diagnostic.code == code, diagnostic
    return diagnostic
