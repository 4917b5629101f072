"""The names of kernels in their files, for the tests that compare the devices' lists."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import PurePath

from snncc.backends.compiled.text.sources import BACKENDS, Parts

# Files of one device alone, by the reason.
FILES_ONLY = {
    "square.py": "all pairs of a recurrent block as rows, which a card has beside its lists",
    "features.py": "of a network, which the processor's kernels are cut down to",
    "rows.py": "loops over a row, which the threads of a block share on a card",
    "late.py": "delays of single synapses, of which a card has a projection each",
    "stateful.py": "synapses that hold values, which no card has yet",
    "each.py": "networks of integers, which no card computes yet, event by event",
    "closing.py": "lists of events and denormal numbers, which a card does not have",
    "planes.py": "runs of weights, of which a thread of a card has its own",
    "taps.py": "runs of positions, as well",
    "windows.py": "convolutions by runs, and poolings by channels, which it has not either",
    "grid.py": "how the blocks of a card share work and meet",
}


def kernels(parts: Parts, device: str) -> Iterator[tuple[str, ast.Module]]:
    """(file, its tree) of the kernels that belong to a device alone."""
    for package, names in parts:
        for name in names:
            if device in package.split("."):
                text = resources.files(f"{BACKENDS}.{package}").joinpath(name).read_text("utf-8")
                place = "/".join(part for part in package.split(".") if part != device)
                yield f"{place}/{name}", ast.parse(text)


def homes(parts: Parts, device: str) -> dict[str, str]:
    """The file of each kernel, by its name without the mark of what is a file's own."""
    return {
        node.name.lstrip("_"): file
        for file, tree in kernels(parts, device)
        if PurePath(file).name not in FILES_ONLY
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def check_homes(parts: Mapping[str, Parts], least: int) -> None:
    """Kernels of one name stand in files of one name; at least so many are on both devices."""
    one, other = (homes(parts[device], device) for device in ("cpu", "cuda"))
    both = one.keys() & other.keys()
    assert len(both) >= least
    assert {n: (one[n], other[n]) for n in both if one[n] != other[n]} == {}


def check_explained(parts: Mapping[str, Parts], device: str, only: Mapping[str, str]) -> None:
    """What only this device has is named in `only`, by its reason."""
    (twin,) = parts.keys() - {device}
    found = homes(parts[device], device).keys() - homes(parts[twin], twin).keys()
    assert sorted(name for names in only.values() for name in names.split()) == sorted(found)


def bare_codes(parts: Parts, device: str) -> list[str]:
    """Where a code is compared with a number that has no name: `encoder == 2` says nothing, and
    stays when the codes change."""
    return [
        f"{file}:{node.lineno}"
        for file, tree in kernels(parts, device)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and is_bare(node)
    ]


def is_bare(node: ast.Compare) -> bool:
    """Whether a code, or anything at all, is compared with a number that has no name."""
    numbers = [s.value for s in (node.left, *node.comparators) if isinstance(s, ast.Constant)]
    text = ast.unparse(node)
    is_code = any(word in text for word in ("encoder", "kind", "method"))
    return isinstance(node.ops[0], ast.Eq | ast.NotEq) and any(is_code or n > 1 for n in numbers)
