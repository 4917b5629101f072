"""Files, what they import, and what their names stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..ir.diagnostics import CompileError, Diagnostic, Note, Source, Span
from .limits import LIMITS
from .prelude import prelude_names, prelude_path
from .report import Report, twice, unknown
from .syntax.parser import parse
from .syntax.tree import Call, Cell, Definition, File, Import, Module, Network, Neuron, Train
from .typing.constants import EMPTY
from .typing.models import Model, check_model, with_arguments


@dataclass(slots=True, eq=False)
class Unit:
    """A file: its tree, what it defines, and what can be named in it."""

    source: Source
    tree: File
    own: dict[str, Entry] = field(default_factory=dict)
    visible: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A definition and the file in whose names it is to be read."""

    node: Definition
    unit: Unit


@dataclass(slots=True)
class Library:
    """Every file of a program, and the models that have been checked."""

    report: Report = field(default_factory=Report)
    units: dict[Path, Unit] = field(default_factory=dict)
    models: dict[int, Model | CompileError] = field(default_factory=dict)
    checking: list[int] = field(default_factory=list)  # models that wait for another one
    instantiated: set[int] = field(default_factory=set)  # modules of which there is an instance


_KINDS: dict[type, str] = {
    Neuron: "a neuron model",
    Cell: "a neuron model",
    Module: "a module",
    Network: "a network",
}


# ---- files


def read_source(path: Path) -> Source:
    """The text of a file, as far as a program may go. OSError or ValueError if there is none."""
    with path.open("rb") as file:
        data = file.read(4 * LIMITS.characters + 4)
    return Source(str(path), data.decode("utf-8-sig"))


def load_unit(source: Source, library: Library, importers: tuple[Path, ...] = ()) -> Unit:
    """The unit of a text, with all that it imports; mistakes go to the library's report."""
    path = Path(source.name)
    tree, mistakes = parse(source)
    library.report.extend(mistakes)
    unit = Unit(source, tree if tree is not None else File(()))
    library.units[path.resolve()] = unit
    for item in unit.tree.items:
        if not isinstance(item, (Import, Train)):
            library.report.attempt(_enter, unit.own, item.name.text, Entry(item, unit))
    unit.visible.update(unit.own)
    for item in unit.tree.items:
        if isinstance(item, Import):
            library.report.attempt(_import, item, unit, library, (*importers, path.resolve()))
    return unit


def _enter(table: dict[str, Entry], name: str, entry: Entry) -> None:
    first = table.get(name)
    if first is not None and first.node is not entry.node:
        raise CompileError(twice(name, entry.node.name.span, first.node.name.span))
    table[name] = entry


def _import(item: Import, unit: Unit, library: Library, importers: tuple[Path, ...]) -> None:
    path = importers[-1].parent / item.path.value
    imported = _imported(item, path, library, importers)
    report = Report()
    for name, entry in imported.own.items():
        report.attempt(_enter, unit.visible, name, entry)
    report.close()


def _imported(item: Import, path: Path, library: Library, importers: tuple[Path, ...]) -> Unit:
    span = item.path.span
    try:
        key = path.resolve()
        if key in importers:
            raise CompileError(_cycle(span, key, importers))
        if key in library.units:
            return library.units[key]
        if len(importers) > LIMITS.imports or len(library.units) >= LIMITS.files:
            raise CompileError(Diagnostic("E005", "too many imports", span))
        if not path.is_file() and path.exists():
            raise CompileError(Diagnostic("E003", f"`{item.path.value}` is no file", span))
        return load_unit(read_source(path), library, importers)
    except (OSError, ValueError) as error:
        # ValueError: a NUL in the path, or bytes that are no UTF-8.
        raise CompileError(_unreadable(item, error)) from None


def _cycle(span: Span, key: Path, importers: tuple[Path, ...]) -> Diagnostic:
    names = [path.name for path in (*importers[importers.index(key) :], key)]
    way_out = "move what both need to a third file"
    return Diagnostic("E004", f"import cycle: {' -> '.join(names)}", span, help=way_out)


def _unreadable(item: Import, error: OSError | ValueError) -> Diagnostic:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
    message = f"cannot import `{item.path.value}`: {reason}"
    way_out = "a path is relative to the file that imports"
    return Diagnostic("E003", message, item.path.span, help=way_out)


# ---- names


def find(unit: Unit, name: str) -> Entry | None:
    """What a name stands for in a file: its own definitions, imported ones, the prelude."""
    entry = unit.visible.get(name)
    if entry is None and name in prelude_names():
        entry = _prelude_entry(name)
    return entry


@cache
def _prelude_entry(name: str) -> Entry:
    path = prelude_path(name)
    source = Source(f"<prelude>/{path.name}", path.read_text(encoding="utf-8"))
    tree, mistakes = parse(source)
    assert tree is not None, path
    assert not mistakes, path
    unit = Unit(source, tree)
    entries = [Entry(item, unit) for item in tree.items if isinstance(item, Neuron)]
    return next(entry for entry in entries if entry.node.name.text == name)


def module_entry(unit: Unit, call: Call) -> tuple[Entry, Module]:
    """The module that a call names."""
    entry = find(unit, call.name.text)
    if entry is not None and isinstance(entry.node, Module):
        return entry, entry.node
    modules = [name for name, e in unit.visible.items() if isinstance(e.node, Module)]
    raise CompileError(_not_a("module", call, entry, modules))


def _not_a(what: str, call: Call, entry: Entry | None, choices: list[str]) -> Diagnostic:
    if entry is None:
        return unknown(what, call.name.text, call.name.span, choices)
    return Diagnostic(
        "E020",
        f"`{call.name.text}` is {_KINDS[type(entry.node)]}, not a {what}",
        call.name.span,
        related=(Note(entry.node.name.span, "defined here"),),
    )


def model_named(unit: Unit, call: Call, library: Library) -> Model:
    """The neuron model that a call names, without the arguments of the call."""
    entry = find(unit, call.name.text)
    if entry is None or not isinstance(entry.node, (Neuron, Cell)):
        models = [n for n, e in unit.visible.items() if isinstance(e.node, (Neuron, Cell))]
        raise CompileError(_not_a("neuron model", call, entry, [*models, *prelude_names()]))
    return model_of(entry, library)


def model_of(entry: Entry, library: Library) -> Model:
    """The checked model of a definition; its mistakes are reported once."""
    key = id(entry.node)
    known = library.models.get(key)
    if known is None:
        if key in library.checking or len(library.checking) >= LIMITS.instances:
            raise CompileError(_endless(entry, key in library.checking))
        library.checking.append(key)
        known = library.models[key] = _checked(entry, library)
        library.checking.pop()
    if isinstance(known, CompileError):
        raise known
    return known


def _checked(entry: Entry, library: Library) -> Model | CompileError:
    node = entry.node
    try:
        if isinstance(node, Neuron):
            return check_model(node)
        assert isinstance(node, Cell)
        model = model_named(entry.unit, node.model, library)
        return with_arguments(model, node.model, EMPTY)
    except CompileError as error:
        return error


def _endless(entry: Entry, is_cycle: bool) -> Diagnostic:
    name = entry.node.name
    if is_cycle:
        return Diagnostic("E030", f"`{name.text}` is defined by itself", name.span)
    message = f"more than {LIMITS.instances} models, each defined by the next"
    return Diagnostic("E005", message, name.span)
