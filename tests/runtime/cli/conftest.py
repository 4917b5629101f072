"""The command line, run inside the tests' process."""

import json
import os
import signal
import sys
from importlib import import_module

import numpy as np
import pytest
from chains import CHAIN, TRAINS
from typer.testing import CliRunner

from snncc.runtime.cli.app import make_app


@pytest.fixture
def snncc(tmp_path, monkeypatch):
    """Runs a command in an empty folder; returns its exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNCC_DATA", raising=False)
    _as_compiled(monkeypatch)

    def run(*arguments):
        result = CliRunner().invoke(make_app(), [str(a) for a in arguments], catch_exceptions=False)
        return result.exit_code, result.stdout, result.stderr

    return run


def _as_compiled(monkeypatch):
    """The kernels are compiled, though a fixture of the session may have others run as Python."""
    for place, names in PATCHED.items():
        module = sys.modules.get(place)
        for name, home in names.items() if module else ():
            monkeypatch.setattr(module, name, getattr(import_module(home), name))


_LOAD, _CHAIN = "snncc.backends.cpu.load", "snncc.backends.optimizers.cpu.chain"
PATCHED = {
    "snncc.backends.cpu.simulator": {"load_kernels": _LOAD},
    "snncc.backends.trainers.cpu": {
        "load_kernels": _LOAD,
        "with_scans": _LOAD,
        "load_chain": _CHAIN,
    },
}


@pytest.fixture
def answer(snncc):
    """Runs a command with --json; returns the documents of its stdout."""

    def run(*arguments):
        status, out, err = snncc(*arguments, "--json")
        assert status == 0, (out, err)
        return [json.loads(line) for line in out.splitlines()]

    return run


@pytest.fixture
def stopping(perceptron_target, monkeypatch):
    """The process gets a signal, Ctrl-C's, while the call of that number runs."""

    def stop_in(call, number=signal.SIGINT):
        train, calls = perceptron_target.train, []

        def interrupted(self, *arguments):
            calls.append(1)
            if len(calls) == call:
                os.kill(os.getpid(), number)
            return train(self, *arguments)

        monkeypatch.setattr(perceptron_target, "train", interrupted)

    return stop_in


@pytest.fixture
def chain(tmp_path):
    """chain(encoding, array): a program, and an array beside it, x.npy."""

    def make(encoding="spikes(duration = 5 ms)", array=TRAINS):
        (tmp_path / "chain.snn").write_text(CHAIN.replace("ENCODING", encoding))
        np.save(tmp_path / "x.npy", array)
        return "chain.snn", "--target", "reference", "--inputs", "x.npy"

    return make
