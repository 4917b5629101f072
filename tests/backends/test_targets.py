"""The table of targets."""

from __future__ import annotations

import inspect

from snncc.backends.protocols import Simulator, Trainer
from snncc.backends.reference.simulator import ReferenceSimulator
from snncc.backends.targets import CAPABILITIES, TARGETS


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
    for name in ("cpu", "gpu"):
        assert public(TARGETS[name].simulate) >= public(Simulator), name
        assert public(TARGETS[name].train) >= public(Trainer), name
    assert public(ReferenceSimulator) >= public(Simulator)


def test_the_cpu_is_always_there():
    assert TARGETS["cpu"].available() is None
