"""A compiled network on disk: its graph, synapses and values, and what its target adds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...ir.deploy.choices import DeploySpec
from ...ir.diagnostics import CompileError, Diagnostic
from ...ir.graph import Call, Graph, Projection, Value
from ...ir.model import Model, draw_model, verify_model
from ...ir.running import Probe, RunSpec, run_problem
from ...ir.tensors import Tensor
from ...ir.text import parse_graph, parse_type, print_graph
from ...ir.types import Shape, size
from ...ir.verify import GraphError, verify
from ...ir.wiring import Listed, Wiring, unlisted
from ..protocols import LARGEST_SEED
from .manifest import Json
from .numbers import is_whole
from .package import UNFIT, Members, damaged, read_package, write_package
from .tensors import Arrays, decode_tensors, encode_tensors

KIND = "model"
GRAPH = "graph.snnir"
VALUES = "values.safetensors"
SYNAPSES = "synapses.safetensors"
TENSORS = "tensors.safetensors"
WEIGHTS = "weights.safetensors"  # of format 1
DEPLOYED = 4  # the first format with what a program asks of integers
# What of a graph's properties a target relies on.
NEEDED = frozenset({"shapes", "steps", "folded", "schedule"})


@dataclass(frozen=True, slots=True)
class Package:
    """A model as it is kept. `data` is what it was written to learn, if anything, `deploy` what its
    program asks of its integers, `run` how it says that it is run; `extras` are the target's own
    members."""

    model: Model
    target: str
    data: Call | None = None
    extras: Mapping[str, bytes] = field(default_factory=dict)
    deploy: DeploySpec | None = None
    run: RunSpec | None = None


def graph_digest(graph: Graph) -> str:
    """A checksum of all that the network means: its text and the arrays that it names."""
    content = print_graph(graph).encode() + encode_tensors(graph.tensors)
    return hashlib.sha256(content).hexdigest()


def save_model(path: Path, package: Package) -> None:
    """Write the package: one file if the path ends in .snnpkg, else a folder. CompileError(E060)
    for a model that `open_model` would refuse."""
    model = package.model
    problem = _problem(model, package.deploy, package.run)
    if problem:
        raise CompileError(Diagnostic("E060", f"cannot write `{path}`: {problem}"))
    members = {
        GRAPH: print_graph(model.graph).encode(),
        VALUES: encode_tensors({name: value.array for name, value in model.values.items()}),
        SYNAPSES: encode_tensors(_lists(model)),
        TENSORS: encode_tensors(model.graph.tensors),
    }
    assert not members.keys() & package.extras.keys()
    facts = {
        "target": package.target,
        "graph": graph_digest(model.graph),
        "seed": model.seed,
        "data": None if package.data is None else _call_to_json(package.data),
        "deploy": None if package.deploy is None else _deploy_to_json(package.deploy),
        "run": None if package.run is None else _run_to_json(package.run),
        "types": {name: str(value.dtype) for name, value in model.values.items()},
    }
    write_package(path, KIND, facts, {**members, **package.extras})


def open_model(path: Path) -> Package:
    """The package at a path; CompileError(E060) if anything in it is not as it was written."""
    manifest, members = read_package(path, KIND)
    facts = manifest.facts
    try:
        tensors = decode_tensors(members.pop(TENSORS))
        graph = _parse(members.pop(GRAPH), tensors, path)
        seed, target, data = _seed(facts["seed"]), str(facts["target"]), facts["data"]
        call = None if data is None else _call_from_json(data)
        read = _first_format if manifest.format == 1 else _later_format
        model = read(graph, seed, members, facts)
        deploy = None if manifest.format < DEPLOYED else _deploy_from_json(facts["deploy"])
        run = _run_from_json(facts.get("run"))
    except UNFIT as error:
        raise damaged(path, f"it lacks something: {error}") from error
    problem = _problem(model, deploy, run)
    if problem:
        raise damaged(path, problem)
    return Package(model, target, call, members, deploy, run)


def _lists(model: Model) -> Arrays:
    """The ends of the synapses as "<projection>/pre" and "/post"; none of a projection that joins
    all pairs, or windows that its graph tells."""
    return {
        f"{name}/{part}": entries
        for name, wiring in model.wirings.items()
        if isinstance(wiring, Listed)
        for part, entries in wiring.lists().items()
    }


def _problem(model: Model, deploy: DeploySpec | None, run: RunSpec | None) -> str:
    """Why a package cannot hold the model and what is asked of it; "" if it can."""
    try:
        lacking = NEEDED - verify(model.graph)
        verify_model(model)
    except GraphError as error:
        return f"its values do not fit its graph: {error}"
    if not 0 <= model.seed <= LARGEST_SEED:
        return "a seed is a whole number from 0 to 2^64 - 1"
    if lacking:
        return f"its graph was not compiled to the end: it lacks {', '.join(sorted(lacking))}"
    if run is not None and (wrong := run_problem(model.graph, run)):
        return wrong
    projections = frozenset(p.name for p in model.graph.projections)
    return "" if deploy is None else deploy.problem(projections)


def _first_format(graph: Graph, seed: int, members: Members, _facts: Json) -> Model:
    """A model of which the weights are kept, and the wirings drawn from its seed again."""
    return draw_model(graph, seed, decode_tensors(members.pop(WEIGHTS)))


def _later_format(graph: Graph, seed: int, members: Members, facts: Json) -> Model:
    arrays, lists = (decode_tensors(members.pop(name)) for name in (VALUES, SYNAPSES))
    types = facts["types"]
    values = {name: Tensor(array, parse_type(types[name])) for name, array in arrays.items()}
    populations = graph.index()
    shapes = {
        p.name: (populations[p.pre].shape, populations[p.post].shape) for p in graph.projections
    }
    wirings = {p.name: _wiring(p, *shapes[p.name], lists) for p in graph.projections}
    if lists or types.keys() != arrays.keys():
        raise ValueError(f"of what is {min([*lists, *(types.keys() ^ arrays.keys())])}?")
    return Model(graph, wirings, values, seed)


def _wiring(projection: Projection, pre: Shape, post: Shape, lists: Arrays) -> Wiring:
    """The wiring of a projection, of which `lists` loses its ends. In format 2 windows were listed,
    with the places of their shared weights."""
    name = projection.name
    ends = tuple(lists.pop(f"{name}/{end}") for end in ("pre", "post") if f"{name}/{end}" in lists)
    places = lists.pop(f"{name}/tap", None)
    if ends and places is None:
        listed = Listed(size(pre), size(post), *ends)
        return replace(listed, delay=lists.pop(f"{name}/delay", None))
    made = unlisted(projection, pre, post)
    if places is not None:
        wanted = (*made.pairs(), made.places())
        if not all(map(np.array_equal, (*ends, places), wanted)) or len(ends) < 2:
            raise ValueError(f"the windows of {name} are not those of its graph")
    return made


def _seed(document: Json) -> int:
    if not is_whole(document, 0, LARGEST_SEED):
        raise ValueError("a seed is a whole number from 0 to 2^64 - 1")
    return document


def _parse(text: bytes, tensors: Arrays, path: Path) -> Graph:
    try:
        graph = parse_graph(text.decode("utf-8"), tensors)
    except UnicodeDecodeError as error:
        raise damaged(path, "its graph cannot be read: it is not UTF-8 text") from error
    except CompileError as error:
        problem = error.diagnostics[0].message
        raise damaged(path, f"its graph cannot be read: {problem}") from error
    return graph


def _call_to_json(call: Call) -> Json:
    return {"kind": call.kind, "arguments": [[name, _plain(v)] for name, v in call.arguments]}


def _plain(value: Value) -> Json:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    assert isinstance(value, float | int | bool | str)
    return value


def _call_from_json(document: Json) -> Call:
    arguments = tuple((str(k), _value(v)) for k, v in document["arguments"])
    return Call(str(document["kind"]), arguments)


def _value(document: Json) -> Value:
    if isinstance(document, list):
        return tuple(_value(v) for v in document)
    if isinstance(document, float | int | bool | str):
        return document
    raise ValueError("a value of another kind")


def _deploy_to_json(deploy: DeploySpec) -> Json:
    return {"said": dict(deploy.said), "bits": dict(deploy.bits)}


def _deploy_from_json(document: Json) -> DeploySpec | None:
    """What `_deploy_to_json` wrote; its names and values are looked at with the model."""
    if document is None:
        return None
    said, bits = document["said"], document["bits"]
    if len(document) > 2 or not (isinstance(said, dict) and isinstance(bits, dict)):
        raise ValueError("what is asked of integers is something else")
    return DeploySpec(said, bits)


def _run_to_json(run: RunSpec) -> Json:
    seen = [_probe_to_json(p) for p in run.probes]
    return {"duration": run.duration, "record": seen}


def _probe_to_json(probe: Probe) -> Json:
    """Of synapses with a word more, so that a package without them is as it was."""
    said = [probe.what, probe.population, probe.first, probe.end, probe.every]
    return [*said, True] if probe.of_synapses else said


def _run_from_json(document: Json) -> RunSpec | None:
    """What `_run_to_json` wrote; its names and numbers are looked at with the model."""
    if document is None:
        return None
    duration, seen = document["duration"], document["record"]
    is_time = duration is None or type(duration) is float
    if len(document) > 2 or not is_time or not all(map(_is_probe, seen)):
        raise ValueError("what is recorded is something else")
    return RunSpec(duration, tuple(Probe(*each) for each in seen))


def _is_probe(each: Json) -> bool:
    kinds = (str, str, int, int, int)
    return tuple(map(type, each[:5])) == kinds and (len(each) == 5 or each[5:] == [True])
