"""The table of targets."""

from __future__ import annotations

import inspect
import subprocess
import sys

from snncc.backends.cpu.simulator import CpuSimulator
from snncc.backends.cuda.simulator import CudaSimulator
from snncc.backends.protocols import Simulator, Trainer
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.targets import CAPABILITIES, TARGETS
from snncc.backends.trainers.cpu import CpuTrainer
from snncc.backends.trainers.cuda import CudaTrainer


def public(protocol):
    return {name for name, _ in inspect.getmembers(protocol, callable) if not name.startswith("_")}


def test_rows_are_complete():
    assert "cpu" in TARGETS
    for name, target in TARGETS.items():
        assert target.name == name
        assert target.summary
        assert not target.summary.endswith(".")
        assert target.available() is None or isinstance(target.available(), str)


def test_targets_offer_what_runtime_works_against():
    assert public(Trainer) > public(Simulator) >= {"run", "raster", "trace"}
    for target in TARGETS.values():
        assert any(getattr(target, c) is not None for c in CAPABILITIES), target.name
    for simulator in (CpuSimulator, CudaSimulator, ReferenceSimulator):
        assert public(simulator) >= public(Simulator), simulator
    for trainer in (CpuTrainer, CudaTrainer):
        assert public(trainer) >= public(Trainer), trainer


def test_numba_is_loaded_by_what_needs_it():
    """A third of the time of `snncc compile`, which compiles no kernel."""
    program = "import sys, snncc.runtime.cli; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_the_cpu_is_always_there():
    assert TARGETS["cpu"].available() is None
