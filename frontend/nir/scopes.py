"""Graphs within graphs as modules: where populations and projections stand, and the ways between.

A graph is a module of its own, and an instance of it bears its name, so that the node `lif` of the
graph `cell` is the population `cell.lif`. As a module has no outputs, a graph in which one lies is
laid flat: its nodes are populations of the network, by mangled names.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...ir.nir.graph import Node
from .flat import INNER
from .names import mangled
from .plan import Group, Joint

NETWORK = ""  # what stands in no module
Crossing = tuple[str, str]  # in or out, and the node to which, or from which, a projection leads


@dataclass(frozen=True, slots=True, eq=False)
class Scopes:
    """The graphs that are modules, inner ones first, and the names of their ports."""

    modules: tuple[str, ...]
    ports: Mapping[str, Mapping[Crossing, str]]

    def home(self, name: str) -> str:
        """The module in which a node, or an instance, stands."""
        return next(_owners(name, self.ports), NETWORK)

    def path(self, name: str, scope: str, direction: str) -> str:
        """How a population is called in a module, or the network: by the port of an instance, if it
        stands within one."""
        home = self.home(name)
        if home == scope:
            return local(name, scope)
        while self.home(home) != scope:
            home = self.home(home)
        return f"{local(home, scope)}.{self.ports[home][direction, name]}"

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
    graphs = dict.fromkeys(graphs)
    held = {owner for group in groups for owner in _owners(group.name, graphs)}
    outer = [group.name for group in groups if group.role != "population"]
    held -= {owner for name in outer for owner in _owners(name, graphs)}
    modules = [graph for graph in graphs if graph in held]
    bare = Scopes(
        tuple(sorted(modules, key=lambda g: -g.count("."))), {module: {} for module in modules}
    )
    crossing: dict[str, dict[Crossing, None]] = {module: {} for module in modules}
    for joint in joints:
        scope = bare.of_joint(joint)
        for name, direction in ((joint.pre, "out"), (joint.post, "in")):
            home = bare.home(name)
            while home != scope:
                crossing[home][direction, name] = None
                home = bare.home(home)
    ends: dict[tuple[str, str], list[str]] = {(k, m): [] for k in INNER.values() for m in modules}
    for name, node in nodes.items():
        ends.get((node.kind, next(_owners(name, graphs), NETWORK)), []).append(name)
    ports = {m: dict(_ports(m, list(found), ends)) for m, found in crossing.items()}
    return Scopes(bare.modules, ports)


def _ports(
    module: str, crossing: list[Crossing], ends: Mapping[tuple[str, str], list[str]]
) -> Iterator[tuple[Crossing, str]]:
    """Called as the graph's Input and Output where these lead to one population, else by theirs."""
    used = set[str]()
    for direction, kind in (("out", "Leave"), ("in", "Enter")):
        targets = [name for side, name in crossing if side == direction]
        ways = ends[kind, module]
        for target in targets:
            is_only = len(targets) == len(ways) == 1
            behind = "" if direction == "out" else "_in"
            name = local(ways[0], module) if is_only else local(target, module) + behind
            while name in used:
                name += "_"
            used.add(name)
            yield (direction, target), name


def _owners(name: str, graphs: Container[str]) -> Iterator[str]:
    """The graphs in which a node lies, the innermost first."""
    while "." in name:
        name = name.rpartition(".")[0]
        if name in graphs:
            yield name
