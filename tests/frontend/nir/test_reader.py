"""NIR files as they are written, and what is refused of those that are damaged or hostile."""

from __future__ import annotations

import numpy as np
import pytest
from nir_files import h5py, write_nir
from nir_nodes import affine, chain, f32, inp, lif, out
from refusal import refused

from snncc.frontend.nir import hdf5
from snncc.frontend.nir.reader import read_graph
from snncc.ir.nir.graph import KINDS
from snncc.ir.nir.said import Said


def network():
    draw = np.random.default_rng(1)
    nodes = {"input": inp(4), "fc": affine(3, 4, draw), "lif": lif(3, draw), "output": out(3)}
    return nodes, chain(nodes)


@pytest.fixture
def path(tmp_path):
    return write_nir(tmp_path / "net.nir", *network())


def test_a_file_is_its_graph(path) -> None:
    file = read_graph(path)
    assert file.version == "1.0.8"
    assert {n: node.kind for n, node in file.graph.nodes.items()} == {
        "fc": "Affine",
        "input": "Input",
        "lif": "LIF",
        "output": "Output",
    }
    assert set(file.graph.edges) == set(network()[1])
    assert np.array_equal(file.graph.nodes["fc"].fields["weight"], network()[0]["fc"]["weight"])
    assert set(file.graph.nodes["lif"].fields) == {field.name for field in KINDS["LIF"]}


@pytest.mark.parametrize("version", ["0.1.1", "0.2", "1.0.4", None])
def test_older_files_are_read(tmp_path, version) -> None:
    """Those before 1.0 have no v_reset; the oldest say no version."""
    nodes, edges = network()
    del nodes["lif"]["v_reset"]
    made = read_graph(write_nir(tmp_path / "old.nir", nodes, edges, version))
    assert made.version == (version or "")
    assert made.graph.nodes["lif"].numbers("v_reset") == 0


def test_it_reads_what_the_package_writes(tmp_path) -> None:
    nir = pytest.importorskip("nir")
    nodes = {
        "input": nir.Input({"input": np.array([4])}),
        "fc": nir.Affine(f32(np.ones((3, 4))), f32(np.zeros(3))),
        "lif": nir.LIF(*(f32(np.full(3, v)) for v in (0.02, 1.0, 0.0, 1.0))),
        "output": nir.Output({"output": np.array([3])}),
    }
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, list(chain(nodes))))
    file = read_graph(tmp_path / "net.nir")
    assert set(file.graph.edges) == set(chain(nodes))
    assert file.graph.nodes["lif"].kind == "LIF"


def _remove_field(file) -> None:
    del file["node/nodes/lif/tau"]


def _texts_for_numbers(file) -> None:
    del file["node/nodes/lif/tau"]
    file["node/nodes/lif/tau"] = "0.02"


def _infinite(file) -> None:
    file["node/nodes/fc/bias"][1] = np.nan


def _soft(file) -> None:
    del file["node/nodes/lif/tau"]
    file["node/nodes/lif/tau"] = h5py.SoftLink("/node/nodes/lif/r")


def _external(file) -> None:
    del file["node/nodes/lif"]
    file["node/nodes/lif"] = h5py.ExternalLink("/etc/passwd", "/node")


def _elsewhere(file) -> None:
    del file["node/nodes/lif/tau"]
    where = [("/etc/hostname", 0, 12)]
    file["node/nodes/lif"].create_dataset("tau", (3,), "f4", external=where)


def _virtual(file) -> None:
    del file["node/nodes/lif/tau"]
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "tau", (3,))
    file["node/nodes/lif"].create_virtual_dataset("tau", layout)


def _references(file) -> None:
    del file["node/nodes/lif/tau"]
    file["node/nodes/lif"].create_dataset("tau", data=file["node"].ref, dtype=h5py.ref_dtype)


def _bomb(file) -> None:
    del file["node/nodes/fc/weight"]
    shape, chunks = (1 << 16, 1 << 16), (1 << 10, 1 << 10)
    file["node/nodes/fc"].create_dataset("weight", shape, "f8", chunks=chunks, compression="gzip")


def _unwritten(file) -> None:
    del file["node/nodes/fc/weight"]
    file["node/nodes/fc"].create_dataset("weight", (3, 4), "f4")


def _filter(file) -> None:
    del file["node/nodes/fc/weight"]
    file["node/nodes/fc"].create_dataset("weight", (3, 4), "f4", chunks=(3, 4), scaleoffset=2)


def _round_about(file) -> None:
    """A graph that is a node of itself, by a hard link."""
    file["node/nodes/again"] = file["node"]


def _no_utf8(file) -> None:
    del file["node/nodes/lif/type"]
    file["node/nodes/lif/type"] = b"\xff\xfe"


def _no_numbers(file) -> None:
    del file["node/nodes/lif/tau"]
    file["node/nodes/lif/tau"] = np.zeros(0, "f4")


def _no_node(file) -> None:
    del file["node"]


def _group_for_data(file) -> None:
    del file["node/nodes/lif/tau"]
    file.create_group("node/nodes/lif/tau")


HOSTILE = {
    "has no `tau`": _remove_field,
    "not numbers": _texts_for_numbers,
    "holds nan at [1]": _infinite,
    "is a link (SoftLink)": _soft,
    "is a link (ExternalLink)": _external,
    "lies in another file": _elsewhere,
    "lies in another file, ": _virtual,
    "object": _references,
    "would take 34.4 GB": _bomb,
    "never written": _unwritten,
    "packed by the filter": _filter,
    "graphs deep": _round_about,
    "what it says of its types, texts or sizes": _no_utf8,
    "lif/tau is empty": _no_numbers,
    "no NIR": _no_node,
    "is not a dataset": _group_for_data,
}


@pytest.mark.parametrize("reason", HOSTILE)
def test_hostile_files_are_refused_with_the_reason(path, reason) -> None:
    with h5py.File(path, "r+") as file:
        HOSTILE[reason](file)
    assert reason in refused("E090", read_graph, path).message


def test_other_files_are_refused(tmp_path, path) -> None:
    cut = tmp_path / "cut.nir"
    cut.write_bytes(path.read_bytes()[:-500])
    other = tmp_path / "other.nir"
    other.write_bytes(b"PK\3\4" + bytes(1000))
    absent = tmp_path / "none.nir"
    for code, wrong in (("E090", cut), ("E090", other), ("E063", absent), ("E063", tmp_path)):
        found = refused(code, read_graph, wrong)
        assert "cannot read" in found.message
        assert found.help


def test_too_many_objects_are_refused(path, monkeypatch) -> None:
    monkeypatch.setattr(hdf5.Budget, "count", lambda self, where: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read_graph(path)
    monkeypatch.undo()
    budget = hdf5.Budget(10, 10, 1)
    budget.count("here")
    assert "has more than" in refused("E090", budget.count, "there").message
    assert "GB" in refused("E090", budget.take, 11, "there").message


@pytest.mark.parametrize(
    ("change", "reason", "way_out"),
    [
        (lambda n, e: n["lif"].update(type="LIFF"), "a kind of node", "did you mean `LIF`?"),
        (lambda n, e: e.append(e[0]), "twice", "leave one out"),
    ],
)
def test_graphs_that_name_what_is_not_there(tmp_path, change, reason, way_out) -> None:
    nodes, edges = network()
    change(nodes, edges)
    found = refused("E091", read_graph, write_nir(tmp_path / "net.nir", nodes, edges))
    assert reason in found.message
    assert way_out in found.help


def test_an_edge_may_name_what_is_not_there(tmp_path) -> None:
    """That is looked into where the graph is laid flat."""
    nodes, edges = network()
    made = read_graph(write_nir(tmp_path / "net.nir", nodes, [*edges, ("lif", "outputs")]))
    assert ("lif", "outputs") in made.graph.edges


def test_a_node_may_lie_in_a_group_that_is_none(path) -> None:
    """So HDF5 keeps a name with a slash."""
    with h5py.File(path, "r+") as file:
        file.move("node/nodes/lif", "node/nodes/cell/lif")
    assert read_graph(path).graph.nodes["cell/lif"].kind == "LIF"


def test_an_edge_to_a_long_name_is_refused(tmp_path) -> None:
    nodes, edges = network()
    path = write_nir(tmp_path / "net.nir", nodes, [*edges, ("lif", "x" * 2000)])
    assert "1000 letters" in refused("E090", read_graph, path).message


def test_newer_versions_are_refused(tmp_path) -> None:
    path = write_nir(tmp_path / "net.nir", *network(), version="2.0")
    assert "2.0" in refused("E091", read_graph, path).message


def test_what_a_file_says_of_itself_is_read(path) -> None:
    with h5py.File(path, "a") as file:
        notes = file["node"].create_group("metadata")
        notes["snncc.dt"] = 2e-3
        notes["snncc.reset"] = "subtract"
        notes["other"] = np.ones(5)
        file["node/nodes/lif"].create_group("metadata")["snncc.comparison"] = "at-least"
        file["node/nodes/fc"].create_group("metadata")["snncc.reset"] = "no neuron"
    found = read_graph(path)
    assert found.said == Said(dt=2e-3, reset="subtract")
    assert found.graph.nodes["lif"].marks == {"comparison": "at-least"}


@pytest.mark.parametrize(
    ("code", "value"),
    [("E090", np.ones(2)), ("E090", "text"), ("E091", 0.0), ("E090", np.nan)],
)
def test_metadata_that_mean_nothing_are_refused(path, code, value) -> None:
    with h5py.File(path, "a") as file:
        file["node"].create_group("metadata")["snncc.dt"] = value
    assert "snncc.dt" in refused(code, read_graph, path).message
