"""Bounds that keep any input text from exhausting time, memory or the stack."""

from __future__ import annotations

from dataclasses import dataclass

from ..ir.graph import MOST_NEURONS


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a program may be; each bound is far above what a real network needs."""

    characters: int = 16_000_000  # of one file
    words: int = 320_000  # of one file, signs and comments too
    operators: int = 100_000  # of one file
    definitions: int = 2_000  # networks, modules, models and train blocks of one file
    nesting: int = 64  # brackets within brackets
    depth: int = 100  # operators within operators
    syntax_errors: int = 20
    files: int = 200
    imports: int = 32  # a file importing a file importing …
    instances: int = 32  # a module within a module within …
    statements: int = 200_000  # statements carried out, loops and modules unrolled
    parts: int = 50_000  # populations and projections of a network
    neurons: int = MOST_NEURONS  # of one population
    tensor_bytes: int = 2**32  # of one weight file


LIMITS = Limits()
