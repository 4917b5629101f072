import inspect
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from snncc.runtime.cli.app import COMMANDS, GROUPS, guarded
from snncc.runtime.datasets.table import DATASETS

ROOT = Path(__file__).resolve().parents[3]
ALL = [((c.name,), c) for c in COMMANDS] + [
    ((group, c.name), c) for group, (_, commands) in GROUPS.items() for c in commands
]
# Examples that present samples to a compiled network: in the order of their need, made short.
LONG = {
    "train": "-D hidden=25 -D 'duration=45 ms' --epochs 1 --limit 60 --test-limit 20",
    "run": "",
    "eval": "--limit 20",
    "quantize": "--calibrate 50",
    "export": "",
    "map": "--samples 0",
    "plot": "",
}
MNIST = Path(os.environ.get("SNNCC_DATA", ""), "mnist").absolute()


@pytest.fixture
def workplace(tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "command"), ALL, ids=lambda v: str(v) if type(v) is tuple else ""
)
def test_help_ends_with_the_example(snncc, words, command):
    status, out, _ = snncc(*words, "--help")
    assert status == 0
    # Long lines are broken to the width of the terminal.
    assert " ".join(out.split()).endswith(f"Example: {command.example}")
    assert command.example.startswith(f"snncc {' '.join(words)}")


@pytest.mark.parametrize(
    "command",
    [c for _, c in ALL if c.name not in LONG and "fetch" not in c.example],
    ids=lambda c: c.example,
)
def test_quick_examples_work(snncc, workplace, command):
    if command.name == "import":
        pytest.importorskip("h5py")
    status, out, err = snncc(*shlex.split(command.example)[1:])
    assert status == 0, (out, err)


@pytest.mark.skipif(not MNIST.is_dir(), reason="SNNCC_DATA names no such data")
def test_the_example_of_fetch_works(snncc, monkeypatch):
    monkeypatch.setenv("SNNCC_DATA", str(MNIST.parent))
    (command,) = [c for _, c in ALL if c.name == "fetch"]
    assert snncc(*shlex.split(command.example)[1:])[0] == 0


@pytest.mark.slow
def test_long_examples_work(snncc, workplace, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")  # kernels are compiled once for all tests
    for command in COMMANDS:
        if command.name in LONG:
            words = f"{command.example} {LONG[command.name]}"
            status, out, err = snncc(*shlex.split(words)[1:])
            assert status == 0, (words, out, err)
    made = {p.name for p in (workplace / "runs" / "digits").iterdir()}
    assert {"model.snnpkg", "curves.png", "raster.png"} <= made


def test_the_manual_names_every_command_and_data_set():
    manual = (ROOT / "docs" / "cli.md").read_text()
    for words, _ in ALL:
        assert f"snncc {' '.join(words)}" in manual or words == ("datasets", "list"), words
    for name in DATASETS:
        assert f"`data {name}" in manual


def test_version(snncc):
    status, out, _ = snncc("--version")
    assert status == 0
    assert out.startswith("snncc ")


def test_unknown_commands_are_wrong_usage(snncc):
    assert snncc("dance")[0] == 2


def test_no_command_gives_the_help(snncc):
    _, out, err = snncc()
    assert "compile" in out + err


@pytest.mark.parametrize(
    ("words", "command"), ALL, ids=lambda v: str(v) if type(v) is tuple else ""
)
def test_flags_that_every_command_has(words, command):
    flags = set(inspect.signature(command.function).parameters)
    assert "quiet" in flags
    assert "json" in flags or words == ("fmt",)


def test_a_console_that_is_not_utf8(workplace):
    done = shell('PYTHONIOENCODING=ascii "$PYTHON" -m snncc fmt "s é.snn"', workplace)
    assert done.returncode == 1
    assert "`s \\xe9.snn`" in done.stderr
    make = 'cp examples/digits.snn "s é.snn" && echo "" >>"s é.snn"'
    done = shell(f'{make} && PYTHONIOENCODING=ascii "$PYTHON" -m snncc fmt "s é.snn"', workplace)
    assert (done.returncode, done.stdout, done.stderr) == (0, "changed s \\xe9.snn\n", "")


def shell(command, folder):
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_as_a_module_through_a_pipe_that_closes(workplace):
    done = shell('"$PYTHON" -m snncc compile examples/digits.snn --emit ir | head -n 1', workplace)
    assert done.stdout == "snnir 2\n"
    assert done.stderr == ""


def test_ctrl_c_is_clean(snncc, monkeypatch, workplace):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("snncc.runtime.cli.compiling.compile_package", interrupted)
    status, _, err = snncc("compile", "examples/digits.snn")
    assert status == 130
    assert err == "interrupted\n"


@pytest.mark.parametrize(("told", "shown"), [("", "out of memory"), ("Unable.", "Unable")])
def test_memory_that_is_not_there_is_a_diagnostic(capsys, told, shown):
    def work():
        raise MemoryError(told)

    with pytest.raises(typer.Exit) as ended:
        guarded(work)()
    assert ended.value.exit_code == 1
    assert f"error[E074]: {shown}\n" in capsys.readouterr().err
