"""A set of named members under a manifest, as one file (.snnpkg) or as a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from ...ir.diagnostics import CompileError, Diagnostic
from .archive import MEMBER_LIMIT, SIZE_LIMIT, ArchiveError, check_name, pack, unpack
from .manifest import NAME, Json, Manifest, ManifestError, decode, encode, listed
from .manifest import SIZE_LIMIT as MANIFEST_LIMIT
from .storage import read_file, unreadable, write_file, write_folder

SUFFIX = ".snnpkg"

Members = dict[str, bytes]


def compiler_version() -> str:
    """The version of snncc that is installed; "source" where it runs from a checkout."""
    try:
        return metadata.version("snncc")
    except metadata.PackageNotFoundError:
        return "source"


def write_package(
    path: Path, kind: str, facts: Mapping[str, Json], members: Mapping[str, bytes]
) -> None:
    """Write one file if the path ends in .snnpkg, else a folder; whole or not at all."""
    manifest = Manifest(kind, compiler_version(), dict(facts))
    whole = {**members, NAME: encode(manifest, members)}
    if path.suffix == SUFFIX:
        write_file(path, pack(whole))
        return
    _refuse_strangers(path)
    for name in whole:
        check_name(name)
    write_folder(path, whole)


def _refuse_strangers(path: Path) -> None:
    # A folder takes the place of what stands there: only an older package may vanish.
    is_ours = path.is_dir() and ((path / NAME).is_file() or not any(path.iterdir()))
    if path.exists() and not is_ours:
        message = f"`{path}` exists and is not a package, so it is not overwritten"
        raise CompileError(Diagnostic("E063", message, help="name another path, or remove it"))


def read_package(path: Path, kind: str) -> tuple[Manifest, Members]:
    """The manifest and the members, every size and checksum proven; CompileError(E060) if not."""
    try:
        members = _read_folder(path) if path.is_dir() else unpack(read_file(path, SIZE_LIMIT))
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
    way_out = "copy it again from where it came, or make it anew by `snncc compile` or `train`"
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
        found = {
            entry.relative_to(path).as_posix() for entry in path.rglob("*") if not entry.is_dir()
        }
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
