"""Which data a network is presented with, and their loading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from ..backends.artifact.model import Package
from ..frontend.program import data_call
from ..ir.diagnostics import CompileError, Diagnostic
from ..ir.graph import Arguments, Call, Graph, Value
from ..ir.rules import ENCODINGS, SENT
from ..ir.trains import counted
from .datasets.arguments import COUNTS, completed
from .datasets.arrays import inputs_of, load_npy
from .datasets.fetch import Progress, no_progress
from .datasets.labels import AUTO, NUMBERS
from .datasets.table import DATASETS, Dataset, load
from .samples import Presentation, present
from .settings import Settings

# Arguments that say how the numbers of a file become 0..1: they go together.
SCALING = frozenset({"scale", "low", "high"})
# Arguments that say what of a file is the test part, and by which name it is a whole.
SHARING = frozenset({"test", "test_share", "split_seed", "test_labels"})
WHOLE = (("test", "path"), ("test_labels", "labels"))


def choose_data(package: Package, named: str | None) -> Call:
    """The data that the user names, else those that the program was written for.

    A file that is named is presented whole. It is read as the training data were: what is not said
    of it, its label, header and scale, is theirs.
    """
    if named is None:
        return _own(package)
    call = _call(named)
    told: dict[str, Value] = {COUNTS: True} if counted(package.model.graph) else {}
    row = DATASETS.get(call.kind)
    return call if row is None else _whole(_alike(call, package.data, row, told), row)


def _own(package: Package) -> Call:
    if package.data is not None:
        return package.data
    message = f"`{package.model.graph.name}` names no data"
    way_out = f"add --data with a .csv or .npz file, or one of {', '.join(DATASETS)}"
    raise CompileError(Diagnostic("E061", message, help=way_out))


def _call(named: str) -> Call:
    """What the user names: a file by its name's ending, else a data set, as in a `train` block."""
    for kind, row in DATASETS.items():
        if named.lower().endswith(row.endings):
            return Call(kind, (("path", named),))
    if "(" in named:
        return data_call(named, "--data")
    return Call(named)


def _alike(call: Call, trained: Call | None, row: Dataset, told: dict[str, Value]) -> Call:
    """The call with what the training data say of files of their kind; `told` is what stands beside
    their arguments."""
    given = dict(call.arguments)
    if trained is None or trained.kind != call.kind:
        # Nothing is known of a scale; a file's own range would be another for every file.
        classes = () if trained is None else (a for a in trained.arguments if a[0] == "classes")
        known: dict[str, Value] = {"scale": "none", **dict(classes)}
    else:
        known = dict(trained.arguments) | dict(_measured(trained, row, given, told))
    own = SHARING | (SCALING if given.keys() & SCALING else frozenset())
    shared = {a.name for a in row.arguments if a.unit != "path"} - own
    inherited = {name: value for name, value in known.items() if name in shared}
    return Call(call.kind, tuple((inherited | given).items()))


def _measured(
    trained: Call, row: Dataset, given: dict[str, Value], told: dict[str, Value]
) -> Arguments:
    """What the training data fix and neither their call nor the user's says."""
    said = dict(trained.arguments) | given
    is_scaled = bool(given.keys() & SCALING or said.keys() & {"low", "high"})
    if is_scaled and said.get("classes", AUTO) != AUTO:
        return ()
    try:
        return row.measure(completed(trained, row.arguments, None) | told)
    except CompileError as error:
        if is_scaled:
            # Which text is which class is not known; numbers speak for themselves.
            return (("classes", NUMBERS),)
        message = "the samples of --data are scaled as the training data, which cannot be read"
        way_out = f'say the scale: `{trained.kind}(path = "…", low = …, high = …)`, or `scale = …`'
        unknown = Diagnostic("E061", message, help=way_out)
        raise CompileError((*error.diagnostics, unknown)) from error


def _whole(call: Call, row: Dataset) -> Call:
    """The call with the file as its own test part, unless it says what is."""
    given = dict(call.arguments)
    if given.keys() & SHARING:
        return call
    names = {argument.name for argument in row.arguments}
    whole: dict[str, Value] = {
        part: given[file] for part, file in WHOLE if part in names and file in given
    }
    return Call(call.kind, tuple((given | whole).items()))


def load_inputs(graph: Graph, path: Path, limit: int | None) -> Presentation:
    """The first `limit` samples of an .npy file, in the form that the graph takes."""
    data = load_npy(path, _has_range(graph), bool(counted(graph)))
    return present(graph, data.first(limit), "test")


def _has_range(graph: Graph) -> bool:
    """Whether an input draws spikes by its numbers, or clips them; what sends them takes any."""
    calls = [p.encoding for p in graph.populations if p.encoding is not None]
    rows = [(ENCODINGS[call.kind], call) for call in calls if call.kind in ENCODINGS]
    return any(row.kernel != SENT or bool(row.most(call)) for row, call in rows)


def given_inputs(graph: Graph, values: ArrayLike) -> Presentation:
    """An array as samples, in the form that the graph takes: bool or uint8 of 0 and 1 [samples,
    steps, inputs] are spike trains, as are counts where the network takes those; other numbers
    [samples, inputs] are in 0..1, of inputs that send them any. CompileError(E061, E062) where it
    is neither, or does not fit."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        message = f"inputs are one array: {error}"
        raise CompileError(Diagnostic("E062", message)) from None
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        message = f"inputs are finite numbers or truth values, not {array.dtype}"
        way_out = "give [samples, steps, inputs] of 0 and 1, or [samples, inputs] in 0..1"
        raise CompileError(Diagnostic("E062", message, help=way_out))
    if array.dtype.kind == "b":
        array = array.astype(np.uint8)
    data = inputs_of(array, INPUTS, _has_range(graph), bool(counted(graph)))
    return present(graph, data, "test")


INPUTS = Path("inputs")  # what mistakes call them


def load_presentation(
    graph: Graph,
    call: Call,
    split: str,
    limit: int | None,
    settings: Settings,
    fetch_progress: Progress = no_progress,
) -> Presentation:
    """The first `limit` samples of a split, in the form that the graph takes."""
    data = load(call, split, settings, fetch_progress, counts=bool(counted(graph)))
    return present(graph, data.first(limit), split)
