"""A network of Loihi in the emulator of nengo-loihi 1.1, int32, block by block."""

import warnings
from typing import Any

import numpy as np
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.builder.discretize import discretize_weights
from nengo_loihi.emulator import EmulatorInterface
from nengo_loihi.inputs import SpikeInput

Arrays = dict[str, Any]
FANOUT = {1: 1, 2: 2, 3: 3}  # sign modes as the chip's registers have them
MOST = (1 << 23) - 1


def simulate(net: Any, weights: Arrays, trains: Arrays, steps: int) -> Arrays:
    """Of each population its spikes, u and v [steps, neurons]."""
    blocks = {one["name"]: _block(one) for one in net["populations"]}
    model = Model()
    for one in net["projections"]:
        synapse = _synapse(one, weights[one["name"]])
        blocks[one["post"]].add_synapse(synapse)
        axon = Axon(len(weights[one["name"]]), label=one["name"])
        axon.target = synapse
        axon.set_compartment_axon_map(np.arange(axon.n_axons))
        if one["name"] in trains:
            model.add_input(_input(one, trains[one["name"]], axon))
        else:
            blocks[one["pre"]].add_axon(axon)
    for block in blocks.values():
        model.add_block(block)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Overflow")
        return _run(EmulatorInterface(model, seed=0), blocks, steps)


def _run(chip: Any, blocks: Any, steps: int) -> Arrays:
    own = chip.compartment
    seen: list[list[Any]] = [[], [], []]
    for _ in range(steps):
        chip.step()
        for rows, now in zip(seen, (own.spiked, own.current, own.voltage)):
            rows.append(now.copy())
    arrays = [np.stack(rows) for rows in seen]
    places = chip.block_info.slices
    return {name: [a[:, places[block]] for a in arrays] for name, block in blocks.items()}


def _block(one: Any) -> Any:
    block = LoihiBlock(one["neurons"], label=one["name"])
    cells, neurons = block.compartment, one["neurons"]
    cells.decay_u, cells.decay_v = _each(one["du"], neurons), _each(one["dv"], neurons)
    cells.vth = _each(one["vth"], neurons) << 6
    cells.bias = _each(one["bias_mant"], neurons) << _each(one["bias_exp"], neurons)
    cells.refract_delay = _each(one["refractory_steps"] + 1, neurons)
    cells.scale_u = cells.scale_v = False
    cells.vmin, cells.vmax = -MOST, MOST
    cells.noise_exp, cells.noise_offset = 1, 0
    return block


def _each(numbers: Any, neurons: int) -> Any:
    return np.broadcast_to(np.asarray(numbers, np.int32), (neurons,)).copy()


def _synapse(one: Any, weights: Any) -> Any:
    synapse = Synapse(len(weights), label=one["name"])
    synapse.set_weights(weights.astype(np.float32))
    synapse.format(weight_exp=one["weight_exp"], fanout_type=FANOUT[one["sign_mode"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a shift of an even weight by one loses nothing
        synapse.weights = [discretize_weights(synapse.synapse_cfg, w) for w in synapse.weights]
    return synapse


def _input(one: Any, train: Any, axon: Any) -> Any:
    made = SpikeInput(train.shape[1], label=one["name"])
    made.add_axon(axon)
    for step, fired in enumerate(train):
        if fired.any():  # its steps count from 1
            made.add_spikes(step + 1, np.flatnonzero(fired), permanent=True)
    return made
