"""The emulators of Loihi: what each of them can say, and how it says it."""

from __future__ import annotations

from dataclasses import dataclass

from ....ir.ranges import Range


@dataclass(frozen=True, slots=True)
class Flavour:
    """An emulator, and its version that was run; the lines of pip that install it; what is its
    `own`, in a sentence. A current keeps 4096 - du - `offset` of 4096; a
    spike of an input arrives `least_input` steps later at the earliest, one of a neuron by a number
    of steps in `delays`. `is_uniform`: a population has one threshold and one decay of each state;
    `clips`: voltages are clipped at 24 bits."""

    summary: str
    packages: str
    own: str
    adapter: str
    offset: int
    least_input: int
    delays: Range
    has_refractory: bool = True
    has_bias: bool = True
    is_uniform: bool = True
    clips: bool = True


FLAVOURS: dict[str, Flavour] = {
    "lava": Flavour(
        "lava-nc 0.10, processes LIF, Dense and DelayDense, tag `fixed_pt`",
        "pip install 'numpy<2' 'networkx<=2.8.7' scipy asteval && "
        "pip install --no-deps --ignore-requires-python lava-nc==0.10.0",
        "`Dense` has weights [post, pre], so that `emulator.py` transposes. `LIF` in fixed point "
        "has no refractory time, one threshold and one pair of decays.",
        "on_lava.py.txt",
        offset=1,
        least_input=1,
        delays=Range(1, 63),
        has_refractory=False,
    ),
    "brian2": Flavour(
        "brian2-loihi 0.5.2",
        "pip install 'setuptools<81' 'numpy<2' brian2==2.9.0 'sympy<1.13' brian2-loihi==0.5.2",
        "brian2-loihi does not clip voltages: a run in which one leaves 24 bits is ended with an "
        "error. It has no biases.",
        "on_brian2.py.txt",
        offset=0,
        least_input=0,
        delays=Range(1, 63),
        has_bias=False,
        clips=False,
    ),
    "nengo": Flavour(
        "nengo-loihi 1.1, blocks in the emulator with int32",
        "pip install 'numpy<2' nengo==3.2.0 nengo-loihi==1.1.0",
        "The emulator's lowest voltage, which its own neurons put to 0, is -(2^23 - 1) here. "
        "Weights go through its own `discretize_weights`; `refract_delay` is refractory_steps + 1. "
        "A sum or a current that wraps ends the run.",
        "on_nengo.py.txt",
        offset=1,
        least_input=1,
        delays=Range(1, 1),
        is_uniform=False,
    ),
}
