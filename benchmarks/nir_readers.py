"""What other tools do with NIR files: the peers' side of `nir_peers.py`, in their own environment.

    python nir_readers.py FOLDER

Of each `NAME.TOOL.nir` in the folder, with `NAME.npy`, its inputs [steps, neurons], and dt in its
metadata, the spikes of the output go to `NAME.TOOL.out.npy`; if the tool refuses it, why to
`NAME.TOOL.txt`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch


def by_norse(graph: Any, dt: float) -> Any:
    """The module that Norse makes of a graph."""
    from norse.torch.utils.import_nir import from_nir

    return from_nir(graph, dt=dt, ignore_warnings=True)


def by_snntorch(graph: Any, dt: float) -> Any:
    """The module that snnTorch makes of it."""
    from snntorch.import_nir import import_from_nir

    assert np.isclose(dt, 1e-4), "snnTorch reads NIR at 0.1 ms alone"
    return import_from_nir(graph)


def by_snntorch_parts(graph: Any, dt: float) -> Any:
    """The modules that snnTorch makes of the nodes of a chain, one after the other. Of a loop
    `import_from_nir` makes a graph whose input goes through the weights of the loop (an edge from
    its input to `w` in place of `lif`); the module that it means for it, RLeaky, is made here."""
    from snntorch import import_nir

    assert np.isclose(dt, 1e-4), "snnTorch reads NIR at 0.1 ms alone"
    whole = import_nir._replace_rnn_subgraph_with_nirgraph(graph)
    following, parts = dict(whole.edges), list[Any]()
    name = next(name for name, node in whole.nodes.items() if isinstance(node, nir.Input))
    while not isinstance(whole.nodes[name := following[name]], nir.Output):
        parts.append(import_nir._nir_to_snntorch_module(whole.nodes[name], init_hidden=True))

    def step(row: Any, state: Any) -> Any:
        made = row[None]
        for part in parts:
            found = part(made)
            made = found[0] if isinstance(found, tuple) else found
        return made, state

    return step


TOOLS = {"norse": by_norse, "snntorch": by_snntorch, "snntorch-parts": by_snntorch_parts}


def outputs(module: Any, inputs: Any) -> Any:
    """What leaves the graph in each step."""
    state, rows = None, []
    with torch.no_grad():
        for row in torch.from_numpy(inputs.astype(np.float32)):
            made, state = module(row, state)
            rows.append(np.ravel(made.numpy()))
    return np.array(rows)


def main(folder: Path) -> None:
    """Read and run each of the files."""
    for path in sorted(folder.glob("*.nir")):
        name, tool = path.stem.split(".")
        graph = nir.read(path)  # with its checks of types
        nir.write(folder / f"{path.stem}.again", graph)
        inputs = np.load(folder / f"{name}.npy")
        shape = next(iter(graph.inputs.values())).input_type["input"]
        try:
            module = TOOLS[tool](graph, float(graph.metadata["snncc.dt"]))
            made = outputs(module, inputs.reshape(len(inputs), *map(int, shape)))
        except (AssertionError, KeyError, NotImplementedError, RuntimeError, TypeError) as error:
            (folder / f"{path.stem}.txt").write_text(f"{type(error).__name__}: {error}"[:300])
            continue
        np.save(folder / f"{path.stem}.out.npy", made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
