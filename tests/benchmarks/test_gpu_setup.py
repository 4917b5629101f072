"""What is missing for the script is named, each thing tried."""

from __future__ import annotations

import pytest

pytest.importorskip("numba_cuda", reason="it is what the script needs")

import gpu_setup


@pytest.fixture(autouse=True)
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all packages were here; libraries are tried for real."""
    monkeypatch.setattr(gpu_setup, "find_spec", lambda name: name)


def test_nothing_is_missing_where_all_loads() -> None:
    assert list(gpu_setup.missing()) == []


def test_packages_that_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_setup, "find_spec", lambda name: None if name == "triton" else name)
    with pytest.raises(SystemExit, match=r"missing: triton; put the wheels"):
        gpu_setup.main()


def test_a_library_that_does_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt() -> None:
        raise RuntimeError("libnvvm was not found\nin many folders")

    monkeypatch.setitem(gpu_setup.ATTEMPTS, "nvidia-nvvm", attempt)
    assert list(gpu_setup.missing()) == ["nvidia-nvvm (libnvvm was not found)"]


def test_numbas_own_compiler_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.cuda.__file__", "/site-packages/numba/cuda/__init__.py")
    (found,) = gpu_setup.missing()
    assert found.startswith("numba.cuda (numba.cuda is /site-packages/numba/cuda")


def test_an_old_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_setup, "version", lambda name: "0.9.9")
    assert list(gpu_setup.missing()) == [
        f"numba-cuda {gpu_setup.oldest_numba_cuda()} (here is 0.9.9)"
    ]
