"""Files of public data sets: found in a folder, or downloaded, and always verified."""

from __future__ import annotations

import hashlib
import http.client
import io
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...backends.artifact.storage import write_file
from ...ir.diagnostics import CompileError, Diagnostic
from ..settings import Settings
from .data import damaged
from .idx import gunzip, read_plain

TIMEOUT = 30.0  # [s]
CHUNK = 1 << 16
DOWNLOAD_LIMIT = 1 << 28

# Told of every piece: file name, bytes so far, bytes in all (0: the server did not say).
Progress = Callable[[str, int, int], None]


def no_progress(_name: str, _done: int, _total: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A gzipped file that its publishers offer; `sha256` is of the content unpacked, because
    mirrors pack the same bytes differently. Of a file in an archive, .tar.gz, `member` is its path
    there, and `urls` lead to the archive."""

    name: str
    sha256: str
    urls: tuple[str, ...]
    member: str = ""


def find(file: RemoteFile, folder: str, settings: Settings) -> Path | None:
    """Where the file lies, packed or unpacked; None if nowhere."""
    for base in settings.folders:
        for name in (file.name, file.name.removesuffix(".gz")):
            path = base / folder / name
            if path.is_file():
                return path
    return None


def verified(file: RemoteFile, path: Path) -> bytes:
    """The unpacked content of a file that was found; refuses it if its checksum is wrong."""
    content = read_plain(path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise damaged(path, "does not have the published checksum", "delete it and fetch it again")
    return content


def obtain_all(
    files: Sequence[RemoteFile], folder: str, settings: Settings, progress: Progress
) -> list[bytes]:
    """The unpacked contents of files; those of one archive are downloaded together."""
    missing = [file for file in files if find(file, folder, settings) is None]
    download_all(missing, folder, settings, progress)
    return [obtain(file, folder, settings, progress) for file in files]


def obtain(file: RemoteFile, folder: str, settings: Settings, progress: Progress) -> bytes:
    """The unpacked content, from the first folder that has the file, else from the network."""
    path = find(file, folder, settings)
    if path is not None:
        return verified(file, path)
    return verified(file, download(file, folder, settings, progress))


def download(file: RemoteFile, folder: str, settings: Settings, progress: Progress) -> Path:
    """Where the downloaded file now lies; it is put there only when its checksum is right."""
    (path,) = download_all([file], folder, settings, progress)
    return path


def download_all(
    files: Sequence[RemoteFile], folder: str, settings: Settings, progress: Progress
) -> list[Path]:
    """The same of several files; an archive is downloaded once for all of its files, and none is
    kept unless all are right."""
    together: dict[object, list[RemoteFile]] = {}
    for file in files:
        together.setdefault(file.urls if file.member else file.name, []).append(file)
    for group in together.values():
        for name, content in _downloaded(group, folder, settings, progress).items():
            write_file(settings.cache_folder / folder / name, content)
    return [settings.cache_folder / folder / file.name for file in files]


def _downloaded(
    group: Sequence[RemoteFile], folder: str, settings: Settings, progress: Progress
) -> dict[str, bytes]:
    """The contents of a file, or of those of an archive, by name."""
    problems, first = [], group[0]
    for url in first.urls:
        try:
            content = _get(url, url.rpartition("/")[2] if first.member else first.name, progress)
            found = _members(content, group) if first.member else {first.name: content}
        except (OSError, http.client.HTTPException, *BROKEN) as error:
            problems.append(f"{url}: {_reason(error)}")
            continue
        digests = {n: hashlib.sha256(gunzip(c, url)).hexdigest() for n, c in found.items()}
        if digests == {file.name: file.sha256 for file in group}:
            return found
        problems.append(f"{url}: not the published content")
    raise CompileError(_missing(first, folder, settings, problems))


BROKEN = (tarfile.TarError, zlib.error, EOFError)  # archives


def _members(content: bytes, group: Sequence[RemoteFile]) -> dict[str, bytes]:
    """The contents of the files in an archive; OSError for one that is not there."""
    found: dict[str, bytes] = {}
    wanted = {file.member: file.name for file in group}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name in wanted else None
            if file is not None and member.size <= DOWNLOAD_LIMIT:
                found[wanted[member.name]] = file.read()
    missing = [name for name in wanted.values() if name not in found]
    if missing:
        raise OSError(f"has no `{missing[0]}` in it")
    return found


def _get(url: str, name: str, progress: Progress) -> bytes:
    content = bytearray()
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        total = int(response.headers.get("Content-Length") or 0)
        while piece := response.read(CHUNK):
            content += piece
            progress(name, len(content), total)
            if len(content) > DOWNLOAD_LIMIT:
                raise OSError(f"sends more than {DOWNLOAD_LIMIT} bytes")
    if total and len(content) != total:
        raise OSError(f"broke off after {len(content)} of {total} bytes")
    return bytes(content)


def _reason(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(error).__name__


def _missing(file: RemoteFile, folder: str, settings: Settings, problems: list[str]) -> Diagnostic:
    tried = "; ".join(problems)
    places = ", ".join(str(base / folder) for base in settings.folders)
    return Diagnostic(
        "E061",
        f"`{file.name}` is in none of {places}, and could not be downloaded ({tried})",
        help=f"on a machine with a network run `snncc datasets fetch {folder.replace('-', '_')}` "
        f"and copy its folder to {settings.cache_folder / folder}, "
        "or set SNNCC_DATA to the folder that holds it",
    )
