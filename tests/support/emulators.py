"""Emulators of chips, each in an environment of its own, which is made once: python emulators.py"""

from __future__ import annotations

import fcntl
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from snncc.backends.exports.chips.flavours import FLAVOURS
from snncc.backends.exports.xylo.folder import PACKAGES

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / "build" / "emulators"
TOGETHER = (("lava",), ("brian2", "nengo"), ("xylosim",))  # in one environment
LINES = {**{name: row.packages for name, row in FLAVOURS.items()}, "xylosim": PACKAGES}  # of pip
# Several folders in one process, which imports the emulator once.
RUN = """
import runpy, sys, warnings
warnings.simplefilter("ignore")
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    sys.modules.pop("emulator", None)
    main = runpy.run_path(folder + "/run.py", run_name="run")["main"]
    main(folder + "/inputs.npz", folder + "/log.npz")
    sys.path.remove(folder)
"""


def python_of(flavour: str) -> Path:
    """The interpreter of an environment that has the emulator; the test is skipped where none can
    be made."""
    try:
        return made(flavour)
    except subprocess.CalledProcessError as error:
        pytest.skip(_why_not(flavour, error))


def _why_not(flavour: str, error: subprocess.CalledProcessError) -> str:
    last = (error.stderr or "").strip().splitlines()[-1:]
    return f"pip cannot install {flavour}: {' '.join(last)}"


def made(flavour: str) -> Path:
    """The same; CalledProcessError. Each version of Python has environments of its own."""
    together = next(names for names in TOGETHER if flavour in names)
    lines = " && ".join(LINES[name] for name in together)
    digest = sha256((lines + sys.version).encode()).hexdigest()[:12]
    folder = HOME / f"{'-'.join(together)}-{digest}"
    done = folder / "done"
    with _alone(folder):
        if not done.exists():
            _call([sys.executable, "-m", "venv", "--clear", str(folder)])
            for line in lines.split(" && "):
                program, *arguments = shlex.split(line)
                assert program == "pip"
                _call([str(folder / "bin" / "pip"), *arguments, "--quiet"])
            done.touch()
    return folder / "bin" / "python"


def run_folders(flavour: str, folders: Sequence[Path]) -> None:
    """Runs the network of each folder on its emulator; its log.npz lies beside it then."""
    _call([str(python_of(flavour)), "-c", RUN, *map(str, folders)])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of several processes one at a time."""
    HOME.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _call(words: list[str]) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    for name in LINES:
        try:
            print(made(name))
        except subprocess.CalledProcessError as error:
            print(_why_not(name, error), "- its tests are skipped", file=sys.stderr)
