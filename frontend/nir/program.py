"""The text of a program that is a NIR graph, and the tensors of its file of weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...ir.nir.said import NirFile
from .cells import method_of, model_name, neuron_text, quantities_of
from .decisions import Choices, Decision, Settled, settle
from .flat import flattened, transposed, without
from .names import key_of, mangled
from .plan import Group, Joint, Plan, neurons, plan_of
from .repair import mended
from .scopes import NETWORK, Scopes, local, scopes_of
from .shapes import shapes_of
from .wiring import WEIGHTS, Tensors, number_text

IDENTITIES = ("Enter", "Leave", "Flatten")
DURATION = 100  # steps, where nothing else is said
Bodies = dict[str, list[str]]  # lines, by the module


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A program and its weights, what was decided and put right on the way, and which paths have a
    delay."""

    text: str
    tensors: Tensors
    settled: Settled
    closing: tuple[str, ...]
    repairs: tuple[str, ...]
    version: str
    nodes: int
    populations: int
    projections: int


def imported(file: NirFile, choices: Choices, weights: str) -> Imported:
    """The program of a graph; `weights` is the name of the file of its weights, beside it.

    CompileError: E091 for a graph that has no meaning, or none here; E092 for what it leaves open.
    """
    flat = transposed(flattened(file.graph), choices.transposed)
    sound = mended(flat, choices.repair)
    whole = sound.graph
    shapes = shapes_of(whole)
    graph = without(whole, IDENTITIES)
    settled = settle(file, graph, choices)
    plan = plan_of(graph, shapes, settled)
    tensors = dict(plan.tensors)
    lines = [*_head(file, settled, sound.repairs, plan), *_neurons(plan, settled)]
    scopes = scopes_of(flat.graphs, whole.nodes, plan.groups, plan.joints)
    bodies = _bodies(plan, settled, scopes, tensors)
    lines += [
        *_modules(scopes, bodies),
        *_network(_name_of(file, plan, settled, scopes), settled, bodies[NETWORK]),
    ]
    text = "\n".join(lines).replace(f'"{WEIGHTS}"', _quoted(weights)) + "\n"
    closing = tuple(joint.path for joint in plan.joints if joint.closes)
    counts = len(whole.nodes), len(plan.groups), len(plan.joints)
    return Imported(text, tensors, settled, closing, sound.repairs, file.version, *counts)


def decision_text(decision: Decision) -> str:
    """One line of what was decided and on what it stands."""
    name, value, how, evidence = decision
    unit = " s" if name == "dt" else ""
    return f"{name} = {value}{unit}  ({how}: {evidence})"


def _head(file: NirFile, settled: Settled, repairs: tuple[str, ...], plan: Plan) -> Iterator[str]:
    version = f"NIR {file.version}" if file.version else "NIR, which does not say its version"
    yield f"# {_plain(file.name)}, {_plain(version)}, by `snncc import`."
    yield "# Numbers are those of the file, without units but for times."
    for decision in settled.decisions:
        yield f"#   {_plain(decision_text(decision))}"
    for repair in repairs:
        yield f"#   repaired: {_plain(repair)}"
    for joint in plan.joints:
        if joint.closes:
            steps = f"{joint.delay} step" + ("" if joint.delay == 1 else "s")
            yield f"#   {_plain(joint.path)} closes a cycle, and has the delay of {steps}"
    yield ""


def _plain(text: str) -> str:
    """A text that stays within its comment."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _quoted(name: str) -> str:
    """The name of a file as a text of the language."""
    return '"' + name.replace("{", "{{").replace("}", "}}") + '"'


def _neurons(plan: Plan, settled: Settled) -> Iterator[str]:
    found = {
        model_name(group.kind, settled, settled.of(group.node)): group
        for group in plan.groups
        if group.kind != "Input"
    }
    for name in sorted(found):
        group = found[name]
        yield from neuron_text(name, group.kind, settled.of(group.node))
        yield ""


def _modules(scopes: Scopes, bodies: Bodies) -> Iterator[str]:
    for module in scopes.modules:
        yield f"module {_module_name(module)} {{  # the graph `{_plain(module)}`"
        yield from bodies[module]
        for (direction, target), name in sorted(scopes.ports[module].items()):
            yield f"  port {direction} {name} = {scopes.path(target, module, direction)}"
        yield "}"
        yield ""


def _module_name(module: str) -> str:
    return f"nir_graph_{mangled(module)}"


def _name_of(file: NirFile, plan: Plan, settled: Settled, scopes: Scopes) -> str:
    """What the network is called: no neuron and no module of the program is called so."""
    name = mangled(file.said.network or Path(file.name).stem)
    taken = {model_name(g.kind, settled, settled.of(g.node)) for g in plan.groups}
    return f"{name}_" if name in taken | {*map(_module_name, scopes.modules)} else name


def _network(name: str, settled: Settled, body: list[str]) -> Iterator[str]:
    step = f"{settled.dt!r} s"
    yield f"network {name}(duration: s = {DURATION} * {step}) {{"
    yield f"  dt = {step}"
    yield "  delay = 0 s"
    yield f"  method = {method_of(settled)}"
    yield ""
    yield from body
    yield "}"


def _bodies(plan: Plan, settled: Settled, scopes: Scopes, tensors: Tensors) -> Bodies:
    """What stands in each module, and in the network: populations, instances, and projections."""
    bodies: Bodies = {scope: [] for scope in (*scopes.modules, NETWORK)}
    for group in plan.groups:
        scope = scopes.home(group.name)
        bodies[scope].append(f"  {_declared(group, settled, scope, tensors)}")
    for module in scopes.modules:
        scope = scopes.home(module)
        bodies[scope].append(f"  instance {local(module, scope)} : {_module_name(module)}")
    for body in bodies.values():
        body.append("")
    for joint, name in _named(plan.joints, scopes):
        scope = scopes.of_joint(joint)
        bodies[scope].append(f"  {_joined(joint, settled, scopes, scope, name)}")
    return bodies


def _named(joints: tuple[Joint, ...], scopes: Scopes) -> Iterator[tuple[Joint, str | None]]:
    """The projections with their names."""
    alike = Counter(joint.through for joint in joints)
    between: Counter[tuple[str, str]] = Counter()
    nth: Counter[str | None] = Counter()
    for joint in joints:
        between[joint.pre, joint.post] += 1
        scope = scopes.of_joint(joint)
        yield joint, _name(joint, scope, between[joint.pre, joint.post], alike, nth[joint.through])
        nth[joint.through] += 1


def _name(
    joint: Joint, scope: str, number: int, alike: Counter[str | None], nth: int
) -> str | None:
    """The name of a projection after its node, with a number if several are of it; None where it
    has none, or that which a program gives it."""
    if joint.through is None:
        return None
    ends = ((joint.pre, joint.post), (mangled(joint.pre), mangled(joint.post)))
    behind = "" if number == 1 else f"#{number}"
    name = local(joint.through, scope)
    if alike[joint.through] > 1:
        return f"{name}[{nth}]"
    is_default = joint.through in [f"{pre}->{post}{behind}" for pre, post in ends]
    return None if is_default else name


def _declared(group: Group, settled: Settled, scope: str, tensors: Tensors) -> str:
    name = local(group.name, scope)
    shape = ", ".join(map(str, group.shape))
    called = group.name.removeprefix(f"{scope}.") if scope else group.name
    remark = "" if name == called else f"  # {_plain(called)}"
    if group.kind == "Input":
        word = {"spikes": "spikes", "numbers": "current"}[settled.signals]
        return f"input {name}[{shape}] encode {word}(duration = duration){remark}"
    own = settled.of(group.node)
    values = [
        f"{field} = {_value(group, field, unit, group.node.numbers(field, absent or 0.0), tensors)}"
        for field, (unit, absent) in quantities_of(group.kind, own).items()
    ]
    if group.bias is not None:
        values.append(f"bias = {_value(group, 'bias', '1', group.bias, tensors)}")
    said = f"({', '.join(values)})" if values else ""
    return f"{group.role} {name}[{shape}] : {model_name(group.kind, settled, own)}{said}{remark}"


def _value(group: Group, field: str, unit: str, values: object, tensors: Tensors) -> str:
    """One number where all are the same, else the place of all of them."""
    found = np.ravel(np.asarray(values, np.float64))
    behind = "" if unit == "1" else f" {unit}"
    if np.all(found == found[0]):
        return f"{number_text(float(found[0]))}{behind}"
    key = key_of(group.name, field)
    assert len(found) == neurons(group)
    tensors[key] = found
    said = f", unit = 1{behind}" if behind else ""
    return f'file("{WEIGHTS}", key = "{key}"{said})'


def _joined(joint: Joint, settled: Settled, scopes: Scopes, scope: str, name: str | None) -> str:
    pre, post = scopes.path(joint.pre, scope, "out"), scopes.path(joint.post, scope, "in")
    text = f"{pre} -> {post} : {joint.wiring.text}"
    if joint.delay:
        text += f"  delay {joint.delay} * {settled.dt!r} s"
    return text if name is None else f"{text}  as {name}"
