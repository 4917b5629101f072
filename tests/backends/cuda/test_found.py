"""What is missing, and what to type."""

from __future__ import annotations

from importlib import util

import pytest
from fake_driver import ATTRIBUTES, FakeDriver

from snncc.backends.cuda import found as module
from snncc.backends.cuda.found import Card, arch_here, available, can_compile, presence

PARAMETERS = "the kernels' parameters need CUDA 12.1 (driver 530) or newer"


@pytest.fixture(autouse=True)
def compiler(monkeypatch):
    """As if numba had been imported without its simulator, whatever the environment says."""
    monkeypatch.setattr(module, "is_simulated", lambda: False)


def without(monkeypatch, name):
    real = util.find_spec

    def find(asked, *rest):
        if asked == name:
            return None
        if asked.startswith(f"{name}."):
            raise ModuleNotFoundError(asked)
        return real(asked, *rest)

    monkeypatch.setattr(module.util, "find_spec", find)


@pytest.mark.parametrize("name", ["numba_cuda", "cuda"])
def test_without_the_extra(monkeypatch, name):
    without(monkeypatch, name)
    for reason in (available(), can_compile()):
        assert reason is not None
        assert reason.endswith('is not installed: pip install "snncc[cuda]"')
    assert presence().toolkit is None
    assert arch_here() is None


def test_a_compiler_that_does_not_load(monkeypatch):
    """As numba-cuda 0.30.4 beside NumPy 2.5."""

    def load(name):
        assert name == "numba.cuda.cudaimpl"
        raise AttributeError("module 'numpy' has no attribute 'row_stack'")

    FakeDriver(monkeypatch)
    monkeypatch.setattr(module, "import_module", load)
    for reason in (available(), can_compile()):
        assert reason is not None
        assert "do not go together (module 'numpy' has no attribute 'row_stack'): pip" in reason
    assert arch_here() is None


def test_without_a_driver(monkeypatch):
    def absent(_flags):
        raise RuntimeError("no libcuda")

    FakeDriver(monkeypatch)
    monkeypatch.setattr("cuda.bindings.driver.cuInit", absent)
    assert available().startswith("no NVIDIA driver is installed here")
    assert can_compile() is None


def test_without_a_card(monkeypatch):
    FakeDriver(monkeypatch, cards=0)
    assert available() == "the NVIDIA driver finds no GPU (`nvidia-smi` lists them)"
    assert presence().driver == (13, 0)


def test_a_driver_that_does_not_start(monkeypatch):
    fake = FakeDriver(monkeypatch)
    fake.start = type(fake.start).CUDA_ERROR_SYSTEM_DRIVER_MISMATCH
    assert "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH" in available()


@pytest.mark.parametrize(
    ("version", "toolkit", "problem"),
    [(12080, 13, 'CUDA 12.8, the packages of CUDA 13: pip install "snncc[cuda12]"'),
     (12010, 13, 'CUDA 12.1, the packages of CUDA 13: pip install "snncc[cuda12]"'),
     (12000, 13, f"CUDA 12.0, {PARAMETERS}: update the driver"),
     (12000, 12, f"CUDA 12.0, {PARAMETERS}: update the driver"),
     (11040, 13, f"CUDA 11.4, {PARAMETERS}: update the driver")],
)  # fmt: skip
def test_a_driver_that_is_too_old(monkeypatch, version, toolkit, problem):
    FakeDriver(monkeypatch, version)
    monkeypatch.setattr(module, "_toolkit", lambda: toolkit)
    assert available() == f"the driver is of {problem}"


def test_the_oldest_driver_takes_the_packages_of_its_version(monkeypatch):
    FakeDriver(monkeypatch, 12010)
    monkeypatch.setattr(module, "_toolkit", lambda: 12)
    assert available() is None


def test_a_card_that_is_too_old(monkeypatch):
    FakeDriver(monkeypatch)
    monkeypatch.setitem(ATTRIBUTES, "COMPUTE_CAPABILITY_MAJOR", 6)
    assert available() == "Test card has compute capability 6.0; 7.5 or newer is needed"
    assert arch_here() is None


def test_all_that_is_needed(monkeypatch):
    FakeDriver(monkeypatch)
    assert available() is None
    assert arch_here() == "sm_90"
    assert presence().cards == (Card("Test card", (9, 0), 80 << 30),)


def test_the_simulator_runs_and_does_not_compile(monkeypatch):
    monkeypatch.setattr(module, "is_simulated", lambda: True)
    assert available() is None
    assert presence().is_simulated
    assert can_compile().endswith("unset NUMBA_ENABLE_CUDASIM")
