"""Graphs within graphs as modules: where populations and projections stand, and the ways between.

A graph is a module of its own, and an instance of it bears its name, so that the node `lif` of the
graph `cell` is the population `cell.lif`. As a module has no outputs, a graph in which one lies is
laid flat: its nodes are populations of the network, by mangled names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ...ir.nir.graph import Node
from .names import mangled
from .plan import Group, Joint

NETWORK = ""  # what stands in no module


class Port(NamedTuple):
    """A port of a module: `direction` is in or out, `target` the node that it is."""

    direction: str
    name: str
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class Scopes:
    """The graphs that are modules, inner ones first, and their ports."""

    modules: tuple[str, ...]
    ports: dict[str, tuple[Port, ...]]

    def home(self, name: str) -> str:
        """The module in which a node, or an instance, stands."""
        return next((m for m in self.modules if name.startswith(f"{m}.")), NETWORK)

    def inside(self, scope: str) -> list[str]:
        """The modules of which instances stand in one."""
        return [module for module in self.modules if self.home(module) == scope]

    def path(self, name: str, scope: str, direction: str) -> str:
        """How a population is called in a module, or the network: by the port of an instance, if it
        stands within one."""
        home = self.home(name)
        if home == scope:
            return local(name, scope)
        while self.home(home) != scope:
            home = self.home(home)
        ports = self.ports[home]
        port = next(p for p in ports if (p.direction, p.target) == (direction, name))
        return f"{local(home, scope)}.{port.name}"

    def of_joint(self, joint: Joint) -> str:
        """The module in which a projection stands: the innermost that holds both ends."""
        ways = [self._above(end) for end in (joint.pre, joint.post)]
        return next(scope for scope in ways[0] if scope in ways[1])

    def _above(self, name: str) -> list[str]:
        found = [self.home(name)]
        while found[-1] != NETWORK:
            found.append(self.home(found[-1]))
        return found


def local(name: str, scope: str) -> str:
    """The name of a node, as it is written in the module in which it stands."""
    return mangled(name.removeprefix(f"{scope}.") if scope else name)


def scopes_of(
    graphs: Iterable[str],
    nodes: Mapping[str, Node],
    groups: Iterable[Group],
    joints: Iterable[Joint],
) -> Scopes:
    """The modules of a graph whose graphs within it were called so."""
    held = [group.name for group in groups]
    outer = [group.name for group in groups if group.role != "population"]
    modules = [g for g in graphs if _holds(g, held) and not _holds(g, outer)]
    bare = Scopes(tuple(sorted(modules, key=lambda g: -g.count("."))), {})
    crossing: dict[str, dict[tuple[str, str], None]] = {module: {} for module in modules}
    for joint in joints:
        scope = bare.of_joint(joint)
        for name, direction in ((joint.pre, "out"), (joint.post, "in")):
            home = bare.home(name)
            while home != scope:
                crossing[home][direction, name] = None
                home = bare.home(home)
    ports = {m: tuple(_ports(m, list(found), nodes)) for m, found in crossing.items()}
    return Scopes(bare.modules, ports)


def _holds(graph: str, names: Iterable[str]) -> bool:
    return any(name.startswith(f"{graph}.") for name in names)


def _ports(
    module: str, crossing: list[tuple[str, str]], nodes: Mapping[str, Node]
) -> Iterator[Port]:
    """Called as the graph's Input and Output where these lead to one population, else by theirs."""
    used = set[str]()
    for direction, kind in (("out", "Leave"), ("in", "Enter")):
        targets = [name for side, name in crossing if side == direction]
        ends = [n for n, node in nodes.items() if node.kind == kind and _is_of(n, module)]
        for target in targets:
            is_only = len(targets) == len(ends) == 1
            behind = "" if direction == "out" else "_in"
            name = local(ends[0], module) if is_only else local(target, module) + behind
            while name in used:
                name += "_"
            used.add(name)
            yield Port(direction, name, target)


def _is_of(name: str, module: str) -> bool:
    """Whether a node is one of the graph itself, and of none within it."""
    return name.startswith(f"{module}.") and "." not in name.removeprefix(f"{module}.")
