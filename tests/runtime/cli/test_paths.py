"""What lies at a path may not be what its name says: a command tells, and waits for nothing."""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("perceptron_target")

KINDS = {
    "a pipe": os.mkfifo,
    "a circle": lambda path: path.symlink_to(path),
    "a folder": lambda path: path.mkdir(),
    "below a file": lambda path: path.parent.is_dir() or path.parent.touch(),
    "nothing": lambda path: None,
    "no text": lambda path: path.write_bytes(b"\xff\x00PK\3\4"),
}
READ = [
    *(("check", "{}.snn"), ("fmt", "{}.snn"), ("train", "{}.snn"), ("compile", "{}.snn")),
    *(("inspect", "{}.snnpkg"), ("run", "{}.snnpkg"), ("eval", "{}"), ("plot", "{}")),
    *(("train", "--resume", "--out", "{}"), ("inspect", "package")),
    ("eval", "tiny.snn", "--data", "{}.npz"),
    ("check", "importing.snn"),
    *(("diff", "tiny.snn", "{}.npz"), ("diff", "tiny.snn", "{}.csv"), ("diff", "{}.snn", "cpu")),
    ("diff", "tiny.snn", "reference", "--inputs", "{}.npy"),
]
WRITTEN = [
    *(("compile", "tiny.snn", "--out", "{}.snnpkg"), ("compile", "tiny.snn", "--out", "{}")),
    ("train", "tiny.snn", "--limit", 20, "--test-limit", 0, "--epochs", 1, "--out", "{}"),
]


def made(kind, folder, words):
    """The words, in which {} is a path at which such a thing lies, with its suffix."""
    odd = folder / "file" / "odd" if kind == "below a file" else folder / "odd"
    (folder / "importing.snn").write_text(f'import "{odd}.snn"\n')
    (folder / "package").mkdir()
    places = [str(word).replace("{}", str(odd)) for word in words if "{}" in str(word)]
    places += [f"{odd}.snn"] * ("importing.snn" in words)
    places += [folder / "package" / "manifest.json"] * ("package" in words)
    for place in places:
        KINDS[kind](Path(place))
    here = {"importing.snn", "package"} & set(words)
    return [folder / w if w in here else str(w).replace("{}", str(odd)) for w in words]


@pytest.mark.parametrize("kind", KINDS)
def test_reading(snncc, tiny, tmp_path, kind):
    for number, words in enumerate(READ):
        folder = tmp_path / str(number)
        folder.mkdir()
        status, _, err = snncc(*made(kind, folder, words))
        assert (status, "error[" in err) == (1, True), (words, err)


@pytest.mark.parametrize("kind", KINDS)
def test_writing(snncc, tiny, tmp_path, kind):
    for number, words in enumerate(WRITTEN):
        folder = tmp_path / str(number)
        folder.mkdir()
        status, _, err = snncc(*made(kind, folder, words))
        assert (status, "error[E063]" in err) in ((0, False), (1, True)), (words, err)
