"""net.h: the sizes of a network, its state as a struct, and its two functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....ir.graph import Graph


@dataclass(frozen=True, slots=True)
class Field:
    """A member of the state: `size` elements of `type`, a number where it is None."""

    type: str
    name: str
    size: int | None
    comment: str

    @property
    def text(self) -> str:
        """Its declaration."""
        size = "" if self.size is None else f"[{self.size}]"
        return f"{self.type} {self.name}{size};"

    @property
    def bytes(self) -> int:
        """Its size."""
        return int(np.dtype(self.type.removesuffix("_t")).itemsize) * (self.size or 1)


def header(graph: Graph, digest: str, fields: Sequence[Field]) -> str:
    """The text of net.h."""
    inputs = [p for p in graph.populations if p.role == "input"]
    output = next((p for p in graph.populations if p.role == "output"), None)
    count = sum(p.neurons for p in inputs)
    outputs = 0 if output is None else output.neurons
    members = "\n".join(f"    {f.text} /* {f.comment} */" for f in fields)
    which = "none" if output is None else output.name
    return f"""\
/* Network `{comment(graph.name)}`, a step is {graph.dt:g} ms.
   Integer semantics {graph.semantics.integers}, graph {digest}. Made by snncc. */
#ifndef SNNCC_NET_H
#define SNNCC_NET_H

#include <stdint.h>

#define NET_INPUTS {count} /* {comment(", ".join(p.name for p in inputs))} */
#define NET_OUTPUTS {outputs} /* {comment(which)} */
#define NET_SEMANTICS {graph.semantics.integers}

typedef struct {{
{members}
}} net_state;

/* The state before the first step. */
void net_reset(net_state *s);

/* One step: what the inputs fire, 0 or 1, in; what the outputs fire out. Fewer than 2^32 steps
   between two calls of net_reset. */
void net_step(net_state *s, const uint8_t *spikes_in, uint8_t *spikes_out);

#endif
"""


def comment(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isalnum() or c in " _-.,[]" else "_" for c in text)
