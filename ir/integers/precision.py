"""What is asked of the integers of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from ..types import Fixed

VERSION = 1  # of the semantics that docs/integer.md defines; every artifact bears it
FEWEST_BITS, MOST_BITS = 2, 16  # of a weight
PORT_BITS = 32  # of what a port holds
RATIO_BITS = 16  # of a factor that is no decay


@dataclass(frozen=True, slots=True)
class Registers:
    """How wide a chip's numbers are, in codes of states; one that a threshold does not test is a
    current. `current_bits` of those, which wrap; `sum_bits` of all that arrives in a step; a
    threshold is a multiple of 2^`threshold_zeros`, what a spike brings one of 2^`weight_zeros`, a
    bias one of a power of two by a number of `bias_bits` bits. `is_even`: a state is clipped as far
    below 0 as above it."""

    current_bits: int = PORT_BITS
    sum_bits: int = PORT_BITS
    threshold_zeros: int = 0
    weight_zeros: int | None = None
    bias_bits: int = PORT_BITS
    is_even: bool = False


REGISTERS = {
    "plain": Registers(),
    "loihi": Registers(24, 22, 6, 6, 13, is_even=True),
}


@dataclass(frozen=True, slots=True)
class Precision:
    """How a network becomes integers.

    `bits` of a weight, or those of its projection in `by_projection`. `scale`: what shares a unit
    of weights, a row of SCALES. `guard`: the bits of a state below that unit. `state_bits`: at the
    end of an update a state saturates to so many. `decay`: a row of DECAYS, by `decay_bits`
    fraction bits. `rounding` of decays and factors, `overflow` of sums: "prove" refuses a network
    in which a sum could leave 32 bits. `sums`: what a port holds, a row of `graph.SUMS`.
    `input_bits` of a number that an input sends. `floor`: below which no state of a threshold
    falls, in the unit of that state. `threshold`: when it is tested, a row of `graph.THRESHOLDS`;
    after events only where `sums` are "each". `spikes`: the most of a neuron in a step. `table`:
    the cells of functions such as exp; 0 refuses them. `below`: what becomes of a state below its
    floor, a row of BELOW. `leak`: when decays are done, a row of LEAKS. `extra_delay`: steps by
    which all spikes come later than the program says. `axon_types`: the most weights of a neuron
    in all projections together, by the type of the axon (see `axons`); 0: as many as there are.
    `registers`: how wide a chip's numbers are, a row of REGISTERS. `reset`: what a spike takes that
    takes the threshold away, a row of RESETS.
    """

    bits: int = 8
    scale: str = "neuron"
    guard: int = 8
    state_bits: int = 32
    decay: str = "multiply"
    decay_bits: int = 12
    rounding: Literal["floor", "nearest_even", "toward_zero"] = "floor"
    overflow: Literal["prove", "saturate", "wrap"] = "prove"
    sums: str = "exact"
    input_bits: int = 8
    floor: float | None = None
    threshold: str = "step"
    spikes: int = 1
    table: int = 0
    below: str = "clip"
    leak: str = "first"
    extra_delay: int = 0
    axon_types: int = 0
    registers: str = "plain"
    reset: str = "nearest"
    by_projection: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def weight(self, projection: str) -> Fixed:
        """The type of a projection's weights."""
        return Fixed(self.by_projection.get(projection, self.bits), 0)

    @property
    def state(self) -> Fixed:
        """The type of a state."""
        return self.number(PORT_BITS, self.guard)

    @property
    def current(self) -> Fixed:
        """The type of a state that no threshold tests."""
        return self.number(self.wide.current_bits, self.guard)

    @property
    def wide(self) -> Registers:
        """How wide the numbers are."""
        return REGISTERS[self.registers]

    @property
    def port(self) -> Fixed:
        """The type of what a port holds."""
        return self.number(PORT_BITS, 0)

    def number(self, bits: int, frac: int) -> Fixed:
        """A type that overflows and rounds as states do."""
        overflow: Literal["wrap", "saturate"] = "wrap"
        if self.overflow == "saturate":
            overflow = "saturate"
        return Fixed(bits, frac, overflow=overflow, rounding=self.rounding)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a model is to become: integers of that `precision`, but for its guard bits. `guard` is
    their number; None: the most that can be proved safe. `method`: how the units of weights and of
    numbers follow from what they are, a row of `weights.METHODS`."""

    precision: Precision = Precision()
    guard: int | None = None
    method: str = "minmax"


SCALES = {
    "neuron": "the weights into one neuron, by all of its projections",
    "population": "the weights into the neurons of one population",
    "pow2": "the weights into one neuron; it is a power of two",
    "projection": "the weights of one projection; their sum is brought to the states' by a factor",
    "exponent": "the same, by a power of two: each projection has an exponent of its own",
    "shared_exponent": "the same, where the neurons of a population share all units",
}
OF_EXPONENTS = ("exponent", "shared_exponent")
OF_PROJECTIONS = ("projection", *OF_EXPONENTS)  # the rows that give each a unit of its own
OF_NEURONS = ("neuron", "exponent")  # the rows by which a state's unit is another in each neuron
DECAYS = {
    "multiply": "x m >> decay_bits, m the nearest to what the step keeps",
    "shift": "x - (x >> k), and by 1 where that is 0 and x is not",
    "linear": "by a constant towards 0: what the factor takes from half of the threshold",
    "constant": "the same constant is taken away, below 0 too",
}
LEAKS = {
    "first": "before what arrives: decay, sum, threshold",
    "arrived": "after what arrives: sum, decay, threshold",
    "tested": "after the threshold, before the reset: sum, threshold, decay",
}
PHASES = {"first": "decay", "arrived": "integrate", "tested": "relax"}  # of `neuron.NeuronStep`
BELOW = {
    "clip": "it is at the floor",
    "reset": "it is at minus what a spike resets it to",
    "subtract": "the floor is taken from it",
}
RESETS = {
    "nearest": "the nearest code, as of other numbers",
    "threshold": "the least code that fires",
}
ROUNDINGS = {
    "floor": "the code below, the arithmetic shift",
    "nearest_even": "the nearest code, of two the even one",
    "toward_zero": "the code nearer to 0",
}
OVERFLOWS = {
    "prove": "a network in which a sum could leave its type is refused",
    "saturate": "the code at the end",
    "wrap": "modulo 2^32",
}
