"""Damaged NIR files: by accident, byte by byte, and by who writes HDF5 that is sound, and NIR that
is not; and reading many of them in processes of their own."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from damaged import accidents
from nir_files import h5py, write_nir
from nir_nodes import Nodes, affine, chain, cuba, f32, inp, lif, linear, out

from snncc.frontend.nir import apart
from snncc.ir.diagnostics import CompileError, Diagnostic
from snncc.ir.nir.graph import KINDS

Edges = list[tuple[str, str]]
CODES = {"E090", "E091", "E092"}
MOST_MEMORY = 1 << 30  # [bytes] of a process that reads one
SECONDS = 5
MOST_READ = 1 << 16  # numbers
# Words of Python, NumPy and their like about themselves, which tell a user nothing.
RAW = (
    *("not supported between", "ufunc", "operand", "object is not", "NoneType", "truth value"),
    *("unhashable", "argument", "out of bounds for", "not subscriptable", "Traceback", "broadcast"),
    *("Error: ", "list index", "tuple index", "attribute", "h5py", "numpy", "dtype(", "codec"),
    *("convert", "invalid literal", "no attribute", "expected str", "<class", "must be "),
)


def sound_files(folder: Path) -> list[bytes]:
    """Files with every kind of node but I, LI and CubaLI, a graph within, and metadata."""
    draw = np.random.default_rng(1)
    part: Nodes = {"i": inp(3), "lif": lif(3, draw), "o": out(3)}
    inner = {"type": "NIRGraph", "nodes": part, "edges": chain(part)}
    sizes = {"stride": 1, "dilation": 1, "groups": 1}
    line = {"type": "Conv1d", "weight": f32(draw.normal(size=(1, 1, 1))), "bias": f32([0.0])}
    line |= {"padding": "valid", "input_shape": 4} | sizes
    flat = {"type": "Flatten", "start_dim": 0, "end_dim": -1}
    first: Nodes = {"input": inp(1, 4), "conv": line, "flat": flat, "fc": affine(3, 4, draw)}
    first |= {"cell": inner, "fc2": linear(3, 3, draw), "last": lif(3, draw), "output": out(3)}
    plane = {"type": "Conv2d", "weight": f32(draw.normal(size=(2, 1, 3, 3))), "bias": f32([0, 0.5])}
    plane |= {"padding": np.array([1, 1])} | {k: np.array([1, 1]) for k in ("stride", "dilation")}
    two = np.array([2, 2])
    pool = {"type": "SumPool2d", "kernel_size": two, "stride": two, "padding": 0 * two}
    second: Nodes = {"input": inp(1, 4, 4), "conv": plane | {"groups": 1}, "pool": pool}
    second |= {"flat": flat | {"start_dim": 0}, "wait": {"type": "Delay", "delay": f32(8 * [2e-3])}}
    second |= {"fc": linear(3, 8, draw), "cuba": cuba(3, draw), "back": linear(3, 3, draw)}
    second |= {"s": {"type": "Scale", "scale": f32([1, 2, 3])}, "th": _threshold(3)}
    second |= {"if": {"type": "IF", "r": f32(3 * [1]), "v_threshold": f32(3 * [1])}}
    second |= {"output": out(3)}
    straight = [name for name in second if name != "back"]
    edges = [*pairwise(straight), ("cuba", "back"), ("back", "cuba")]
    made = []
    for k, (nodes, joined) in enumerate(((first, chain(first)), (second, edges))):
        path = write_nir(folder / f"sound{k}.nir", nodes, joined)
        with h5py.File(path, "r+") as file:
            told = file["node"].create_group("metadata")
            told["snncc.dt"], told["snncc.reset"], told["snncc.recurrent_delay"] = 1e-3, "zero", 2
        made.append(path.read_bytes())
    return made


def _threshold(neurons: int) -> dict[str, Any]:
    return {"type": "Threshold", "threshold": f32(np.full(neurons, 0.5))}


def damaged_files(sound: list[bytes], seed: int, count: int) -> Iterator[tuple[bool, bytes]]:
    """As many files, every second one made by the library of HDF5: whether it was, and it."""
    draw = Random(seed)
    for k in range(count):
        content = draw.choice(sound)
        yield (True, restructured(content, draw)) if k % 2 else (False, _hurt(content, draw))


def _hurt(content: bytes, draw: Random) -> bytes:
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        content = next(accidents(content, draw, 1)) or b"\0"
    return content


def restructured(content: bytes, draw: Random) -> bytes:
    """A file with one to three of its groups, numbers, texts or edges made otherwise."""
    held = io.BytesIO(content)
    with h5py.File(held, "r+") as file:
        for _ in range(draw.choice((1, 1, 1, 2, 3))):
            places: list[str] = []
            file.visit(places.append)
            if not places:  # the whole of it was removed
                break
            with suppress(KeyError, OSError, RuntimeError, ValueError):  # after what went before
                draw.choice(CHANGES)(file, draw.choice(places), draw)
    return held.getvalue()


def _put(file: Any, place: str, value: Any, **how: Any) -> None:
    del file[place]
    file.create_dataset(place, data=value, **how)


def _remove(file: Any, place: str, _draw: Random) -> None:
    del file[place]


ODD: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**63, 2**64 - 1, 0.5, 1e308, 1e-320, np.nan, np.inf, -0.0, True),
    *("", "x", "0", b"\xff\xfe", "ä", "LIF", 1j, np.float16(2), np.int8(-3)),
    *([], [[]], [1, 2], [0.5, -1], [[1, 2], [3, 4]], ["a", "b"], [["a", "b"]], [True, False]),
    *(np.zeros((0, 2)), np.ones((3, 3, 3)), np.array([(1, 2.0)], "i4,f4"), np.bytes_(b"LIF")),
    *(np.ones(1, "V8"), h5py.Empty("f4"), h5py.Empty("S4"), np.ones(3, "f8"), np.ones(4, ">f4")),
)


def _odd(file: Any, place: str, draw: Random) -> None:
    _put(file, place, draw.choice(ODD))


def _large(file: Any, place: str, draw: Random) -> None:
    shape = draw.choice(((1 << 40,), (1 << 20, 1 << 20), (1 << 16,) * 4))
    del file[place]
    file.create_dataset(place, shape, "f4", chunks=tuple(min(n or 1, 1 << 7) for n in shape))


def _rename(file: Any, place: str, draw: Random) -> None:
    above, _, name = place.rpartition("/")
    new = draw.choice(
        (name[:-1] or "x", name + "x", name.upper(), "ä", "a.b", " ", "\x07", "x" * 2000)
    )
    if f"{above}/{new}" not in file:
        file.move(place, f"{above}/{new}")


def _linked(file: Any, place: str, draw: Random) -> None:
    target = draw.choice(("/node", "/" + place, "/nowhere", "/node/nodes"))
    is_held = draw.random() < 0.3 and target in file
    link = file[target] if is_held else draw.choice((h5py.SoftLink(target), _outer(target)))
    del file[place]
    file[place] = link


def _outer(target: str) -> Any:
    return h5py.ExternalLink("/etc/passwd", target)


def _copied(file: Any, place: str, draw: Random) -> None:
    to = f"node/nodes/copy{draw.randrange(1000)}"
    if "node/nodes" in file and to not in file:
        file.copy(place, to)


def _numbers(file: Any, place: str, draw: Random) -> None:
    """One number changed, or the axes, or how many there are, or their type."""
    data = file[place]
    if not isinstance(data, h5py.Dataset) or data.shape is None or data.dtype.kind not in "biuf":
        return _texts(file, place, draw)
    if data.size > MOST_READ:  # as `_large` makes them
        return _odd(file, place, draw)
    values = np.array(data[()])
    kind = draw.randrange(5)
    if kind == 0 and values.size:
        with np.errstate(all="ignore"):
            odd = draw.choice((0, -1, 1e308, -1e-320, np.nan, 2**31, 1e-9, 5, 1e6))
            values = values.astype("f8")
            values.flat[draw.randrange(values.size)] = odd
    elif kind == 1:
        values = values.T if values.ndim > 1 else values.reshape(-1, 1)
    elif kind == 2:
        values = np.concatenate([np.atleast_1d(values)] * 2)[draw.randrange(2) :]
    elif kind == 3:
        with np.errstate(all="ignore"):
            values = values.astype(draw.choice(("i1", "u8", "f2", "?", "c8", "S4", ">i4")))
    else:
        values = values.reshape(draw.choice(((-1,), (1, -1), (-1, 1, 1))))
    return _put(file, place, values)


def _texts(file: Any, place: str, draw: Random) -> None:
    """Another kind of node, or other edges."""
    owner = file[place] if isinstance(file[place], h5py.Group) else file[place].parent
    if "type" in owner and isinstance(owner, h5py.Group):
        _put(file, owner["type"].name, draw.choice([*KINDS, "lif", "LIFs", "NIRgraph"]))


def _edges(file: Any, _place: str, draw: Random) -> None:
    if not isinstance(file.get("node/edges"), h5py.Dataset):
        return
    rows = file["node/edges"]
    if rows.shape is None or rows.ndim != 2 or rows.dtype.kind != "O":
        return
    found = [[str(end) for end in row] for row in rows.asstr()[()]]
    names = [*{end for row in found for end in row}, "nowhere", "fc.", "", "cell.lif"]
    if found and draw.random() < 0.6:
        found[draw.randrange(len(found))][draw.randrange(len(found[0]))] = draw.choice(names)
    elif found and draw.random() < 0.5:
        del found[draw.randrange(len(found))]
    else:
        found.append([draw.choice(names) for _ in range(len(found[0]) if found else 2)])
    _put(file, "node/edges", np.array(found, dtype=h5py.string_dtype()))


CHANGES: tuple[Callable[[Any, str, Random], None], ...] = (
    *(_remove, _odd, _odd, _odd, _large, _rename, _linked, _copied),
    *(_numbers, _numbers, _numbers, _texts, _edges, _edges),
)


def read_apart(path: Path, folder: Path, grown: list[int]) -> Any:
    """As `apart.read_nir`, in a copy of this process rather than a new one, which is fifty times as
    fast; to `grown` goes by how many bytes the copy came to hold more. CompileError(E090) as there
    for one that hangs or ends."""
    for left in folder.iterdir():
        left.unlink()
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.write(tell, _held().to_bytes(8, "little"))
        _read_and_end(path, folder)
    before = int.from_bytes(os.read(told, 8), "little")
    os.close(told)
    os.close(tell)
    _, status, spent = os.wait4(child, 0)
    grown.append((spent.ru_maxrss << 10) - before)
    if status or not (folder / apart.GRAPH).is_file():
        raise CompileError([Diagnostic("E090", f"reading it ended with {status}")])
    return apart._handed(path, folder)


def _held() -> int:
    """The bytes that this process holds: asked of a copy, as that lacks what its parent mapped of
    files (fork(2) leaves such pages to be found again)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _read_and_end(path: Path, folder: Path) -> None:
    try:
        signal.alarm(SECONDS)
        apart.main(str(path), str(folder))
        os._exit(0)
    except MemoryError:
        os._exit(3)
    except Exception as error:  # noqa: BLE001
        (folder / apart.GRAPH).write_text(json.dumps({"refused": [["BUG", repr(error), ""]]}))
        os._exit(0)


def raw_words(error: CompileError) -> list[str]:
    """The messages that say what went wrong in Python."""
    return [d.message for d in error.diagnostics if any(word in d.message for word in RAW)]
