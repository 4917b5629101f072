"""Files, what they import, and what their names stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..ir.diagnostics import CompileError, Diagnostic, Note, Source, Span
from ..ir.files import open_file, resolved
from ..ir.report import Poisoned, Report, sound, twice
from .foreign import unknown
from .limits import LIMITS
from .prelude import prelude_names, prelude_path
from .syntax.files import (
    Definition,
    Deploy,
    File,
    Import,
    Module,
    Network,
    Neuron,
    Run,
    Synapse,
    Train,
)
from .syntax.parser import parse
from .syntax.tree import Call, Cell
from .typing.constants import EMPTY
from .typing.models import CheckedModel, check_model, with_arguments
from .typing.synapses import CheckedSynapse, check_synapse


@dataclass(slots=True, eq=False)
class LoadedFile:
    """A file: its tree, what it defines, and what can be named in it; `is_whole` if that is all
    that its text defines and imports."""

    source: Source
    tree: File
    own: dict[str, Entry] = field(default_factory=dict)
    visible: dict[str, Entry] = field(default_factory=dict)
    trains: dict[str, list[Train]] = field(default_factory=dict)  # by network
    deploys: dict[str, list[Deploy]] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)
    is_whole: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A definition and the file in whose names it is to be read."""

    node: Definition
    file: LoadedFile


@dataclass(slots=True)
class Library:
    """Every file of a program, and the models that have been checked."""

    files: dict[Path, LoadedFile] = field(default_factory=dict)
    models: dict[int, CheckedModel | Poisoned] = field(default_factory=dict)
    synapses: dict[int, CheckedSynapse | Poisoned] = field(default_factory=dict)
    checking: list[int] = field(default_factory=list)  # models that wait for another one
    instantiated: set[int] = field(default_factory=set)  # modules of which there is an instance


_KINDS: dict[type, str] = {
    Neuron: "a neuron model",
    Synapse: "a synapse model",
    Cell: "a neuron model",
    Module: "a module",
    Network: "a network",
}


# ---- files


def read_source(path: Path) -> Source:
    """The text of a file, as far as a program may go. OSError or ValueError if there is none."""
    with open_file(path) as opened:
        data = opened.read(4 * LIMITS.characters + 4)
    return Source(str(path), data.decode("utf-8-sig"))


def load_file(
    source: Source, library: Library, report: Report, importers: tuple[Path, ...] = ()
) -> LoadedFile:
    """The file of a text, with all that it imports; mistakes go to the report."""
    path = Path(source.name)
    tree, mistakes = parse(source)
    report.extend(mistakes)
    file = LoadedFile(source, tree, is_whole=tree.is_whole)
    library.files[resolved(path)] = file
    for item in file.tree.items:
        if isinstance(item, Train):
            file.trains.setdefault(item.network.text, []).append(item)
        elif isinstance(item, Deploy):
            file.deploys.setdefault(item.network.text, []).append(item)
        elif isinstance(item, Run):
            file.runs.setdefault(item.network.text, []).append(item)
        elif not isinstance(item, Import):
            report.attempt(_enter, file.own, item.name.text, Entry(item, file))
    file.visible.update(file.own)
    report.attempt(_import, file, library, report, (*importers, resolved(path)))
    return file


def _import(
    file: LoadedFile, library: Library, report: Report, importers: tuple[Path, ...]
) -> None:
    """Make what a file imports visible in it."""
    items = [item for item in file.tree.items if isinstance(item, Import)]
    for item in items[: LIMITS.files]:
        imported = report.attempt(_imported, item, library, report, importers)
        if isinstance(imported, Poisoned):
            file.is_whole = False
            continue
        for name, entry in imported.own.items():
            report.attempt(_enter, file.visible, name, entry)
    if len(items) > LIMITS.files:
        file.is_whole = False
        message = f"a file has at most {LIMITS.files} imports"
        raise CompileError(Diagnostic("E005", message, items[LIMITS.files].path.span))


def _enter(table: dict[str, Entry], name: str, entry: Entry) -> None:
    first = table.get(name)
    if first is not None and first.node is not entry.node:
        raise CompileError(twice(name, entry.node.name.span, first.node.name.span))
    table[name] = entry


def _imported(
    item: Import, library: Library, report: Report, importers: tuple[Path, ...]
) -> LoadedFile:
    span, path = item.path.span, importers[-1].parent / item.path.text
    try:
        key = resolved(path)
        if key in importers:
            raise CompileError(_cycle(span, key, importers))
        if key in library.files:
            return library.files[key]
        if len(importers) > LIMITS.imports or len(library.files) >= LIMITS.files:
            raise CompileError(Diagnostic("E005", "too many imports", span))
        return load_file(read_source(path), library, report, importers)
    except (OSError, ValueError) as error:
        # ValueError: bytes that are no UTF-8.
        raise CompileError(_unreadable(item, error)) from None


def _cycle(span: Span, key: Path, importers: tuple[Path, ...]) -> Diagnostic:
    names = [path.name for path in (*importers[importers.index(key) :], key)]
    way_out = "move what both need to a third file"
    return Diagnostic("E004", f"import cycle: {' -> '.join(names)}", span, help=way_out)


def _unreadable(item: Import, error: OSError | ValueError) -> Diagnostic:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
    message = f"cannot import `{item.path.text}`: {reason}"
    way_out = "a path is relative to the file that imports"
    return Diagnostic("E003", message, item.path.span, help=way_out)


# ---- names


def find(file: LoadedFile, name: str) -> Entry | None:
    """What a name stands for in a file: its own definitions, imported ones, the prelude."""
    entry = file.visible.get(name)
    if entry is None and name in prelude_names():
        entry = _prelude_entry(name)
    return entry


@cache
def _prelude_entry(name: str) -> Entry:
    path = prelude_path(name)
    source = Source(f"<prelude>/{path.name}", path.read_text(encoding="utf-8"))
    tree, mistakes = parse(source)
    assert not mistakes, path
    file = LoadedFile(source, tree)
    entries = [Entry(item, file) for item in tree.items if isinstance(item, Neuron)]
    return next(entry for entry in entries if entry.node.name.text == name)


def module_entry(file: LoadedFile, call: Call) -> tuple[Entry, Module]:
    """The module that a call names."""
    entry = find(file, call.name.text)
    if entry is not None and isinstance(entry.node, Module):
        return entry, entry.node
    modules = [name for name, e in file.visible.items() if isinstance(e.node, Module)]
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


def model_named(file: LoadedFile, call: Call, library: Library, report: Report) -> CheckedModel:
    """The neuron model that a call names, without the arguments of the call."""
    entry = find(file, call.name.text)
    if entry is None or not isinstance(entry.node, (Neuron, Cell)):
        models = [n for n, e in file.visible.items() if isinstance(e.node, (Neuron, Cell))]
        raise CompileError(_not_a("neuron model", call, entry, [*models, *prelude_names()]))
    return model_of(entry, library, report)


def synapse_named(file: LoadedFile, call: Call, library: Library, report: Report) -> CheckedSynapse:
    """The model of synapses that a call names, without the arguments of the call."""
    entry = find(file, call.name.text)
    if entry is None or not isinstance(entry.node, Synapse):
        models = [n for n, e in file.visible.items() if isinstance(e.node, Synapse)]
        raise CompileError(_not_a("synapse model", call, entry, models))
    return synapse_of(entry, library, report)


def synapse_of(entry: Entry, library: Library, report: Report) -> CheckedSynapse:
    """The checked model of synapses of a definition."""
    node = entry.node
    assert isinstance(node, Synapse)
    if id(node) not in library.synapses:
        library.synapses[id(node)] = report.attempt(check_synapse, node, report)
    return sound(library.synapses[id(node)])


def prelude_model(name: str, library: Library, report: Report) -> CheckedModel:
    """A model of the prelude, whatever a program calls by its name."""
    return model_of(_prelude_entry(name), library, report)


def model_of(entry: Entry, library: Library, report: Report) -> CheckedModel:
    """The checked model of a definition."""
    key = id(entry.node)
    if key not in library.models:
        if key in library.checking or len(library.checking) >= LIMITS.instances:
            raise CompileError(_endless(entry, key in library.checking))
        library.checking.append(key)
        library.models[key] = report.attempt(_check, entry, library, report)
        library.checking.pop()
    return sound(library.models[key])


def _check(entry: Entry, library: Library, report: Report) -> CheckedModel:
    node = entry.node
    if isinstance(node, Neuron):
        return check_model(node, report)
    assert isinstance(node, Cell)
    model = model_named(entry.file, node.model, library, report)
    return with_arguments(model, node.model, EMPTY, report)


def _endless(entry: Entry, is_cycle: bool) -> Diagnostic:
    name = entry.node.name
    if is_cycle:
        return Diagnostic("E030", f"`{name.text}` is defined by itself", name.span)
    message = f"more than {LIMITS.instances} models, each defined by the next"
    return Diagnostic("E005", message, name.span)
