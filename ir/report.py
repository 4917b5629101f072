"""Collecting diagnostics, what stands for a value that a mistake left out, and shared wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Concatenate, ParamSpec, TypeVar

from .diagnostics import CompileError, Diagnostic, Note, Span

T = TypeVar("T")
I = TypeVar("I")
P = ParamSpec("P")

MOST = 100  # diagnostics of one run


@dataclass(frozen=True, slots=True, eq=False)
class Poisoned:
    """Stands for a value that a mistake left out. Whoever needs the value meets the same mistake,
    which a report takes in once."""

    error: CompileError


def sound(value: T | Poisoned) -> T:
    """The value; CompileError with the mistake that stands for it."""
    if isinstance(value, Poisoned):
        raise value.error
    return value


@dataclass(slots=True)
class Report:
    """The diagnostics of one run, each place and message once, at most `limit` errors and as many
    warnings; after so many errors nothing is attempted any more. `last` is the latest failure, so
    that a loop can stop at the first: compare what it `is` before and after."""

    limit: int = MOST
    diagnostics: list[Diagnostic] = field(default_factory=list)
    seen: set[tuple[object, ...]] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    last: Poisoned | None = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take in diagnostics that are new; past the limit they are dropped."""
        for diagnostic in diagnostics:
            key = _identity(diagnostic)
            if key not in self.seen and self.counts[diagnostic.severity] < self.limit:
                self.counts[diagnostic.severity] += 1
                self.seen.add(key)
                self.diagnostics.append(diagnostic)

    def attempt(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Poisoned:
        """The result of `work`, or what stands for it once its mistakes have been collected."""
        if self.last is not None and self.counts["error"] >= self.limit:
            return self.last
        try:
            return work(*args, **kwargs)
        except CompileError as error:
            return self.fail(error)

    def each(
        self,
        work: Callable[Concatenate[I, P], T],
        items: Iterable[I],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[T, ...]:
        """The results of `work` on every item of which it has one; all mistakes are collected."""
        results = [self.attempt(work, item, *args, **kwargs) for item in items]
        return tuple(result for result in results if not isinstance(result, Poisoned))

    def fail(self, error: CompileError) -> Poisoned:
        """Take in the mistakes of a failed attempt; what stands for its result."""
        self.last = Poisoned(error)
        self.extend(error.diagnostics)
        return self.last

    def require_none_since(self, last: Poisoned | None) -> None:
        """Raise the latest failure, unless it is still `last`."""
        if self.last is not None and self.last is not last:
            raise self.last.error

    def close(self) -> None:
        """Raise what has been collected, in the order of the text."""
        if self.diagnostics:
            raise CompileError(in_text_order(self.diagnostics))


def in_text_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics by file (as first met) and place."""
    diagnostics = tuple(diagnostics)
    files: dict[str, int] = {}
    for diagnostic in diagnostics:
        files.setdefault(diagnostic.span.source.name if diagnostic.span else "", len(files))
    return tuple(sorted(diagnostics, key=lambda d: _place(d, files)))


def _place(diagnostic: Diagnostic, files: dict[str, int]) -> tuple[int, int]:
    if diagnostic.span is None:
        return files[""], 0
    return files[diagnostic.span.source.name], diagnostic.span.start


def _identity(diagnostic: Diagnostic) -> tuple[object, ...]:
    span = diagnostic.span
    place = (span.source.name, span.start, span.end) if span else None
    return diagnostic.code, place, diagnostic.message


def nearest(name: str, names: Iterable[str], apart: int = 3) -> str:
    """ "did you mean `x`?" for the nearest of `names`, at most `apart` longer or shorter, or "".
    One or two letters are near to nothing but themselves."""
    near = [n for n in names if abs(len(n) - len(name)) <= apart][:2000]
    matches = [n for n in near if n.lower() == name.lower()]
    if len(name) > 2:
        matches += get_close_matches(name[:100], near, n=1, cutoff=0.6)
    return f"did you mean `{matches[0]}`?" if matches else ""


def listing(names: Iterable[str], most: int = 12) -> str:
    """`a`, `b` and `c`; a long list is cut."""
    quoted = [f"`{n}`" for n in names]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + ", …"
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + " and " + quoted[-1]


def unknown(
    what: str, name: str, span: Span, names: Iterable[str], code: str = "E010"
) -> Diagnostic:
    """The diagnostic for a name that is not there."""
    names = list(names)
    choices = f"there are {listing(names)}" if len(names) > 1 else ""
    only = f"there is only {listing(names)}" if len(names) == 1 else ""
    way_out = nearest(name, names) or choices or only
    return Diagnostic(code, f"there is no {what} `{name}`", span, help=way_out)


def twice(name: str, span: Span, first: Span | None, code: str = "E011") -> Diagnostic:
    """The diagnostic for a name that is taken; points at both places."""
    related = (Note(first, "first here"),) if first is not None else ()
    what = "given" if code == "E014" else "defined"
    return Diagnostic(
        code,
        f"`{name}` is {what} twice",
        span,
        label="again here",
        related=related,
        help="rename or remove one of the two",
    )
