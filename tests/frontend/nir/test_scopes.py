"""Graphs within graphs as modules: what stands where, and how it is called from elsewhere."""

from __future__ import annotations

from snncc.frontend.nir.plan import Group, Joint
from snncc.frontend.nir.scopes import NETWORK, local, scopes_of
from snncc.frontend.nir.wiring import Wiring
from snncc.ir.nir.graph import Node

GRAPHS = ("a", "a.b", "c")


def group(name: str, role: str = "population") -> Group:
    return Group(name, "LIF", role, (1,), Node(name, "LIF", {}))


def joint(pre: str, post: str) -> Joint:
    return Joint(pre, post, Wiring(""), None, 0)


def scopes(*names: str, joints=(), outputs=(), ends=()):
    groups = [group(name, "output" if name in outputs else "population") for name in names]
    nodes = {name: Node(name, kind, {}) for name, kind in ends}
    return scopes_of(GRAPHS, nodes, groups, [joint(*edge) for edge in joints])


def test_inner_modules_come_first() -> None:
    made = scopes("a.x", "a.b.y", "z")
    assert made.modules == ("a.b", "a")
    assert [made.home(name) for name in ("a.b.y", "a.b", "a.x", "a", "z", "ab.x")] == [
        *("a.b", "a", "a", NETWORK, NETWORK, NETWORK)
    ]


def test_a_graph_with_an_output_is_laid_flat() -> None:
    made = scopes("a.x", "a.b.y", "c.z", outputs=("a.x",))
    assert made.modules == ("a.b", "c")
    assert made.home("a.x") == NETWORK
    assert local("a.x", NETWORK) == "a_x2ex"
    assert local("a.b", NETWORK) == "a_x2eb"


def test_a_projection_stands_in_the_innermost_module_of_both() -> None:
    made = scopes("a.x", "a.b.y", "a.b.w", "c.z", "o")
    where = {
        ("a.b.y", "a.b.w"): "a.b",
        ("a.b.y", "a.x"): "a",
        ("a.x", "a.x"): "a",
        ("a.b.y", "c.z"): NETWORK,
        ("o", "o"): NETWORK,
    }
    assert {edge: made.of_joint(joint(*edge)) for edge in where} == where


def test_ports_lead_through_all_that_lies_between() -> None:
    made = scopes("a.x", "a.b.y", "o", joints=[("o", "a.b.y"), ("a.b.y", "o"), ("a.b.y", "a.x")])
    assert made.ports == {
        "a.b": {("out", "a.b.y"): "y", ("in", "a.b.y"): "y_in"},
        "a": {("out", "a.b.y"): "b_x2ey", ("in", "a.b.y"): "b_x2ey_in"},
    }
    assert made.path("a.b.y", NETWORK, "in") == "a.b_x2ey_in"
    assert made.path("a.b.y", "a", "out") == "b.y"
    assert made.path("a.b.y", "a.b", "out") == "y"


def test_ports_are_called_as_the_ends_of_the_graph_where_there_is_one() -> None:
    ends = [("a.i", "Enter"), ("a.o", "Leave"), ("a.b.i", "Enter")]
    made = scopes("a.x", "o", joints=[("o", "a.x"), ("a.x", "o")], ends=ends)
    assert made.ports["a"] == {("out", "a.x"): "o", ("in", "a.x"): "i"}
    both = scopes("a.x", "a.y", "o", joints=[("o", "a.x"), ("o", "a.y"), ("a.x_in", "o")])
    assert [*both.ports["a"].values()] == ["x_in", "x_in_", "y_in"]
