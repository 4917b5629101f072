"""The placeholder that the generated module replaces; it gives `driver.py` its types in editors."""

from __future__ import annotations

from typing import Any


def advance(
    model: int, lo: int, hi: int, reals: Any, integers: Any, currents: Any, constants: Any, fired: Any
) -> None:
    """One step of the neurons lo:hi of a population whose neuron step has that index.

    reals f32[F, N], integers i32[I, N] are the states, currents f32[ports * N] what arrived,
    constants f32[C] the population's; fired u8[hi - lo] is written.
    """
    raise AssertionError("driver.py runs only as part of a generated module")
