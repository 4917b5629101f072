"""The cores of the chips that have several: what each holds, and how they lie.

Of every number `source` says where it is from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """`width` x `height` routers of `cores_a_router` cores each. A core holds `neurons`, is reached
    by at most `axons_in` senders, its own among them, and its neurons reach together at most
    `axons_out` other cores; None: as many as there are.

    Its synapses take `synapse_bytes` at most: of each `bits` beside those of its weight (and
    `delay_bits` where any delay is not 0), and `axon_bytes` a sender. `settings` and `thresholds`
    are the most that its neurons may differ in: parameters of decay and refractoriness, and
    thresholds. `cost` is a row of `backends.mapping.costs.COSTS`.
    """

    source: str
    width: int
    height: int
    cores_a_router: int
    neurons: int
    axons_in: int | None = None
    axons_out: int | None = None
    synapse_bytes: int | None = None
    bits: int = 0
    delay_bits: int = 0
    axon_bytes: int = 0
    settings: int | None = None
    thresholds: int | None = None
    cost: str = "hops"
    beside: tuple[str, ...] = ()


_AXONS_BESIDE = (
    "a neuron drives one axon: relays, which `snncc export --target ranc` puts on further cores, "
    "pass its spikes on to more",
    "an axon has one type: who sends by weights of several types drives several of a core",
)

CORES: dict[str, Cores] = {
    "generic": Cores(
        "none: cores that no chip has, to compare networks and mappings by",
        *(8, 8, 1),
        neurons=256,
        axons_in=1024,
        synapse_bytes=1 << 16,
        bits=8,
        axon_bytes=4,
    ),
    "loihi": Cores(
        "nengo_loihi 1.1 block.py: sizes, and `SynapseConfig.bits_per_axon`; nxsdk_objects: "
        "settings; Davies et al. 2018: 8 x 4 tiles of 4 cores",
        *(8, 4, 4),
        neurons=1024,
        axons_in=4096,
        axons_out=4096,
        synapse_bytes=16384 * 8,
        bits=11,
        delay_bits=6,
        axon_bytes=9,
        settings=32,
        thresholds=8,
        cost="loihi",
        beside=(
            "synapses lie in words of 64 bits, up to 64 of them behind a head of 10 bits, 10 bits "
            "of each saying where it ends: 11 bits beside the weight and 9 bytes an axon are a "
            "bound of that from above",
        ),
    ),
    "ranc": Cores(
        "RANC RTL and C++ simulator, run; its files of cores are numbered 000 to 999",
        *(32, 31, 1),
        neurons=256,
        axons_in=256,
        axons_out=256,
        beside=_AXONS_BESIDE,
    ),
    "truenorth": Cores(
        "SANA-FE truenorth.yaml; RANC docs",
        *(64, 64, 1),
        neurons=256,
        axons_in=256,
        axons_out=256,
        beside=_AXONS_BESIDE,
    ),
}
