"""What the two operands of `snncc diff` may be: one row a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from os.path import lexists
from pathlib import Path

from ...backends.artifact.model import Package
from ...backends.artifact.storage import is_folder
from ...backends.targets import TARGETS
from ...ir.diagnostics import CompileError, Diagnostic
from ..loading import Options, is_package, load_package
from ..settings import Settings
from ..training.run_folder import are_seeds, is_run
from .logs import log_side
from .models import model_side
from .read_csv import read_csv_log
from .read_npz import read_npz_log
from .side import Side
from .written import c_side, is_c, is_layout, is_onnx, layout_side, onnx_side


@dataclass(frozen=True, slots=True)
class Opening:
    """What sides are opened with: the options of a program at a path and for a target or None, the
    threads of a simulator, whether states are compared."""

    options: Callable[[Path, str | None], Options]
    threads: int
    settings: Settings
    has_states: bool


@dataclass(frozen=True, slots=True)
class Operand:
    """A kind. `is_it` tells by the words alone; `open` makes the side, with the other one at hand
    where `needs_other`."""

    summary: str
    is_it: Callable[[str], bool]
    open: Callable[[str, Opening, Side | None], Side]
    needs_other: bool = False


def _is_target(words: str) -> bool:
    return words in TARGETS and not lexists(words)


def _same_model(words: str, opening: Opening, other: Side | None) -> Side:
    if other is None or other.package is None:
        what = "two targets" if other is None else f"`{other.name}`"
        message = f"`{words}` is a target for the other side's network, and {what} has none"
        way_out = "give one side a program, a package or a run; or `PATH@TARGET`"
        raise CompileError(Diagnostic("E065", message, help=way_out))
    package = replace(other.package, target=words)
    return model_side(words, package, opening.threads, opening.settings)


def _written(make: Callable[[str, Package], Side]) -> Callable[[str, Opening, Side | None], Side]:
    """What opens a network that was written out, by a function of its words and a network."""

    def opened(words: str, _opening: Opening, other: Side | None) -> Side:
        if other is None or other.package is None:
            whose = "neither side has a" if other is None else f"`{other.name}` has no"
            message = f"`{words}` takes spikes, and {whose} network that makes them of samples"
            way_out = "give one side a program, a package or a run"
            raise CompileError(Diagnostic("E065", message, help=way_out))
        return make(words, other.package)

    return opened


def _model(words: str, opening: Opening, _other: Side | None) -> Side:
    path, target = _path_and_target(words)
    _refuse_folder(path)
    package = load_package(path, opening.options(path, target))
    return model_side(words, package, opening.threads, opening.settings)


def _refuse_folder(path: Path) -> None:
    """CompileError(E063) for a folder that is no side, though it may hold one."""
    if not is_folder(path) or is_run(path) or is_package(path) or are_seeds(path):
        return
    inside = sorted(each for each in path.iterdir() if is_onnx(each.name))
    message = f"`{path}` is no package, no run and no folder of C (net.h, net.c)"
    way_out = f"name `{inside[0]}`" if inside else "name one, or a .snn, .onnx, .npz or .csv file"
    raise CompileError(Diagnostic("E063", message, help=way_out))


def _path_and_target(words: str) -> tuple[Path, str | None]:
    path, sign, target = words.rpartition("@")
    if not sign or target not in TARGETS or lexists(words):
        return Path(words), None
    return Path(path), target


def _csv(words: str, _opening: Opening, _other: Side | None) -> Side:
    return log_side(words, read_csv_log(Path(words)))


def _npz(words: str, opening: Opening, _other: Side | None) -> Side:
    return log_side(words, read_npz_log(Path(words), opening.has_states))


# The first one that it is.
OPERANDS: dict[str, Operand] = {
    "target": Operand("the other side's network, on this target", _is_target, _same_model, True),
    "csv": Operand(
        "a spike log, sample,step,population,neuron", lambda w: w.lower().endswith(".csv"), _csv
    ),
    "npz": Operand(
        "a spike log, as --record writes it", lambda w: w.lower().endswith(".npz"), _npz
    ),
    "onnx": Operand(
        "an ONNX model, as export writes it, in onnxruntime", is_onnx, _written(onnx_side), True
    ),
    "c": Operand(
        "a folder of C, as export writes it, compiled by gcc; @-O3 says how",
        is_c,
        _written(c_side),
        True,
    ),
    "layout": Operand(
        "a network on cores, as map writes it, packet by packet",
        is_layout,
        _written(layout_side),
        True,
    ),
    "model": Operand("a program, a package or a run; @TARGET says where", lambda _: True, _model),
}


def open_sides(words: tuple[str, str], opening: Opening) -> tuple[Side, Side]:
    """Both sides."""
    kinds = [next(k for k in OPERANDS.values() if k.is_it(each)) for each in words]
    sides: list[Side | None] = [
        None if kind.needs_other else kind.open(each, opening, None)
        for each, kind in zip(words, kinds, strict=True)
    ]
    a, b = (
        kind.open(each, opening, sides[1 - k]) if side is None else side
        for k, (each, kind, side) in enumerate(zip(words, kinds, sides, strict=True))
    )
    a.fits(b)
    b.fits(a)
    return a, b
