"""README.md of an image of RANC: what each file is, to the bit."""

from __future__ import annotations

from collections.abc import Sequence

from .golden import Golden
from .image import Image

TEXT = """\
# An image for RANC

{cores} cores and the output bus, at {bus}, on a mesh of {width} x {height}: the network in
integers, bit for bit. `map.json` says which neuron lies where; neurons of populations `relay…`
pass spikes on, where one goes to more than an axon.

## The simulator

    ranc_sim -i {sample}input.json -o out.txt -c config.json --ticks {ticks}

`out.txt` is to be `{sample}output.txt`, byte for byte: a line a tick, a column an output. Step s
of the network is tick s + 1, and the bus shows what fired in a tick at the beginning of the next:
line s + 2 has the spikes of step s, those of an output that is `late` in `map.json` by so many
lines later. With `"neuron_block_trace_verbosity": 1` in `config.json` and `-t trace.txt` the
potentials are printed as well. No potential can leave 9 bits, whatever comes in: that was proved
when this was written.

- `config.json`: 256 neurons and axons a core, 4 weights, 16 ticks, `neuron_reset_type` 0: below
  the negative threshold by <.
- `input.json`: `packets`, a list a tick, of which the first is sent before tick 1 and list k in
  tick k, all to arrive in the next; `output_bus`; `cores`, of which each has the type of its
  `axons`, its `neurons`, and `connections` [neuron][axon].

A step of a neuron: the weights of all axons with a spike that are joined to it, each by the type
of the axon, are added, then `leak`. From `positive_threshold` on it fires, and is
`reset_potential` (`reset_mode` 0) or less by the threshold (1); else, below `negative_threshold`,
it is minus `reset_potential` (0) or less by that threshold (1). A spike with `destination_tick` d
arrives d + 1 ticks later.

## The circuit

`csram_NNN.mem` and `tc_NNN.mem` for `$readmemb`, NNN = x + {width} y, with the parameters'
defaults (256, 256, 16 ticks, 4 weights, 2 reset modes, widths of 9) and GRID_DIMENSION_X {width},
GRID_DIMENSION_Y {height}, OUTPUT_CORE_X_COORDINATE {x}, OUTPUT_CORE_Y_COORDINATE {y}. A line of
`csram` is a neuron, 368 bits, from the left:

| bits | what |
|---|---|
| 256 | synapses, that of axon 255 first |
| 9 | potential at the start |
| 9 | reset potential |
| 4 x 9 | weights of types 0, 1, 2, 3 |
| 9 | leak |
| 9 | positive threshold |
| 9 | negative threshold |
| 1 | reset mode |
| 9, 9 | dx, dy to the target's core |
| 8 | axon there, or line of the bus |
| 4 | tick |

Signed numbers are two's complement. Lines of neurons that are not used have a threshold of 1 and
no synapse. A line of `tc` is the type of an axon, 2 bits.

A packet from outside is 30 bits: dx 9, dy 9, axon 8, tick 4, counted from core 0.

## {samples} samples

`sample_K/`: `input.json` and `output.txt` of the simulator; `tb_input.txt`, the packets, with
`tb_num_inputs.txt`, how many each tick has; `tb_correct.txt`, the outputs that fire, in binary,
with `tb_num_outputs.txt`, how many in each tick; and `golden.txt`:

| line | what |
|---|---|
| `in T X Y AXON TICK` | a packet from outside, of list T, to the core at X, Y |
| `spike T X Y N DX DY AXON TICK` | in tick T neuron N of the core at X, Y sends a packet |
| `potential X Y N V` | what is left after the last tick |
"""


def readme(image: Image, samples: Sequence[Golden]) -> str:
    """The text."""
    return TEXT.format(
        cores=len(image.cores),
        bus=f"({image.bus.x}, {image.bus.y})",
        x=image.bus.x,
        y=image.bus.y,
        width=image.width,
        height=image.height,
        samples=len(samples),
        sample="sample_0/" if samples else "",
        ticks=samples[0].ticks if samples else "N",
    )
