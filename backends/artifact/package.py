"""A set of named members under a manifest, as one file (.snnpkg) or as a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from ...ir.diagnostics import CompileError, Diagnostic
from .archive import MEMBER_LIMIT, SIZE_LIMIT, ArchiveError, check_name, pack, unpack
from .manifest import (
    FORMATS,
    NAME,
    Json,
    Manifest,
    ManifestError,
    decode,
    encode,
    is_genuine,
    listed,
)
from .manifest import SIZE_LIMIT as MANIFEST_LIMIT
from .storage import files_in, is_folder, read_file, unreadable, write_file, write_folder

SUFFIX = ".snnpkg"

Members = dict[str, bytes]
# What reading plain data of another shape than ours ends with.
UNFIT = (KeyError, TypeError, ValueError, OverflowError, RecursionError)


def compiler_version() -> str:
    """The version of snncc that is installed; "source" where it runs from a checkout."""
    try:
        return metadata.version("snncc")
    except metadata.PackageNotFoundError:
        return "source"


def write_package(
    path: Path, kind: str, facts: Mapping[str, Json], members: Mapping[str, bytes]
) -> None:
    """Write one file if the path ends in .snnpkg, else a folder.

    A file and a new folder appear whole or not at all. Where an older package's folder is replaced
    a crash may leave one that `read_package` refuses, and that can be written again.
    """
    manifest = Manifest(kind, compiler_version(), dict(facts), FORMATS[kind])
    whole = {**members, NAME: encode(manifest, members)}
    if path.suffix == SUFFIX:
        write_file(path, pack(whole))
        return
    _refuse_strangers(path)
    for name in whole:
        check_name(name)
    write_folder(path, whole, NAME)


def _refuse_strangers(path: Path) -> None:
    # A folder's files are replaced: only those of an older package may vanish.
    try:
        may_vanish = not os.path.lexists(path) or _is_ours(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not may_vanish:
        message = f"`{path}` exists and is not a package alone, so it is not overwritten"
        raise CompileError(Diagnostic("E063", message, help="name another path, or remove it"))


def _is_ours(path: Path) -> bool:
    """Whether the folder is empty, or holds a manifest of ours and nothing that it does not list.

    A member may lack or be damaged: writing may have been cut short, and a new package heals it.
    """
    if not path.is_dir():
        return False
    found = files_in(path)
    if NAME not in found:
        return not found
    text = read_file(path / NAME, MANIFEST_LIMIT)
    return is_genuine(text) and found <= {NAME, *listed(text)}


def read_package(path: Path, kind: str) -> tuple[Manifest, Members]:
    """The manifest and the members, every size and checksum proven; CompileError(E060) if not."""
    try:
        members = _read_folder(path) if is_folder(path) else unpack(read_file(path, SIZE_LIMIT))
        text = members.pop(NAME, None)
        if text is None:
            raise ManifestError("it has no manifest")
        manifest = decode(text, members)
    except (ArchiveError, ManifestError) as error:
        raise damaged(path, str(error)) from error
    if manifest.kind != kind:
        raise damaged(path, f"it is a {manifest.kind}, but a {kind} is needed")
    return manifest, members


def damaged(path: Path, problem: str) -> CompileError:
    """The diagnostic of a package that cannot be trusted."""
    way_out = "copy it again from where it came, or make it anew by the command that wrote it"
    return CompileError(Diagnostic("E060", f"cannot use `{path}`: {problem}", help=way_out))


def _read_folder(path: Path) -> Members:
    text = read_file(path / NAME, MANIFEST_LIMIT)
    sizes = listed(text)
    for name in sizes:
        check_name(name)
    strangers = _files_in(path) - set(sizes) - {NAME}
    if strangers:
        raise ManifestError(f"it holds `{min(strangers)}`, which its manifest does not list")
    members = {name: _read_member(path, name, size) for name, size in sizes.items()}
    return {**members, NAME: text}


def _files_in(path: Path) -> set[str]:
    try:
        found = files_in(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(found) > MEMBER_LIMIT:
        raise ArchiveError(f"it has more than {MEMBER_LIMIT} members")
    return found


def _read_member(folder: Path, name: str, size: int) -> bytes:
    path = folder / name
    # A link may point anywhere, a device never ends.
    if not path.is_file() or os.path.realpath(path) != os.path.join(os.path.realpath(folder), name):
        raise ManifestError(f"its member `{name}` is missing or is not a plain file")
    if path.stat().st_size != size:
        raise ManifestError(f"its member `{name}` has a wrong size or checksum")
    return read_file(path, SIZE_LIMIT)
