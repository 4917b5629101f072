"""net.h: the sizes of a network, its state as a struct, and its two functions."""

from __future__ import annotations

from collections.abc import Sequence

from ....ir.graph import Graph
from .layout import Field


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

/* One step: what the inputs fire, 0 or 1, in; what the outputs fire out. */
void net_step(net_state *s, const uint8_t *spikes_in, uint8_t *spikes_out);

#endif
"""


def comment(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(c if c.isalnum() or c in " _-.,[]" else "_" for c in text)
