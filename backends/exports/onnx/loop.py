"""A Scan over time that is made node by node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .expressions import KINDS, Scopes
from .nodes import Nodes, described


@dataclass(slots=True)
class _Ends:
    outer: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    kinds: list[Any] = field(default_factory=list)

    def add(self, outer: str, body: str, kind: Any) -> None:
        self.outer.append(outer)
        self.body.append(body)
        self.kinds.append(kind)

    def described(self) -> list[Any]:
        return [described(*each) for each in zip(self.body, self.kinds, strict=True)]


class Loop:
    """A Scan in the graph `nodes`: what it carries from step to step, what it reads of each step,
    and what it collects. One that reads nothing goes by the steps of `clock`, uint8 [T, ...]."""

    def __init__(self, nodes: Nodes, clock: str) -> None:
        self.clock = clock
        self.scopes = Scopes(nodes, Nodes(nodes))
        self.carried, self.last, self.collected = _Ends(), _Ends(), _Ends()

    def carry(self, initial: str, kind: Any) -> str:
        """The name in the body of what a step finds, from its value before the first one."""
        name = self.scopes.body.fresh()
        self.carried.add(initial, name, kind)
        return name

    def leave(self, name: str, kind: Any) -> str:
        """What the next step finds, in the order of `carry`; the name outside of the last one."""
        return self._out(self.last, name, kind)

    def collect(self, name: str, kind: Any) -> str:
        """The name outside of the values of all steps."""
        return self._out(self.collected, name, kind)

    def _out(self, ends: _Ends, name: str, kind: Any) -> str:
        """Each output of the body is the result of a node of its own."""
        body = self.scopes.body
        is_made = any(name in node.output for node in body.protos)
        if not is_made or name in (*self.last.body, *self.collected.body):
            copy = body.fresh()
            body.add("Identity", [name], [copy])
            name = copy
        outer = body.fresh()
        ends.add(outer, name, kind)
        return outer

    def close(self) -> None:
        """Makes the node; none where nothing goes from step to step, or comes out."""
        if not self.last.outer and not self.collected.outer:
            return
        read = _Ends()
        for outer, (name, kind) in self.scopes.entered.items():
            read.add(outer, name, KINDS[kind])
        if not read.outer:
            read.add(self.clock, self.scopes.body.fresh(), np.uint8)
        body = self.scopes.body.graph(
            "step",
            [*self.carried.described(), *read.described()],
            [*self.last.described(), *self.collected.described()],
        )
        self.scopes.outer.add(
            "Scan",
            [*self.carried.outer, *read.outer],
            [*self.last.outer, *self.collected.outer],
            body=body,
            num_scan_inputs=len(read.outer),
        )
