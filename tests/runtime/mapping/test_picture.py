"""The picture of a mesh is well-formed, and has every core and every busy link."""

from xml.etree import ElementTree

import numpy as np

from snncc.backends.mapping.limits import Mesh
from snncc.backends.mapping.records import CoreNets
from snncc.backends.mapping.route import Traffic
from snncc.runtime.mapping.picture import core_map


def test_every_core_and_link_is_drawn() -> None:
    mesh = Mesh(3, 2, 2)
    links = np.zeros((6, 4))
    links[0, 0], links[4, 3] = 2.0, 0.5
    none = np.zeros(2)
    nets = CoreNets(np.zeros(1, int), none[:0], none[:0], none[:0])
    sent = Traffic(1, 1, 2.5, 2, 3, 2, links, none, none, nets)
    cores = [
        {"id": k, "x": k, "y": 1, "place": k, "used": 0.4 * k, "tip": "a < b & c"} for k in range(2)
    ]
    root = ElementTree.fromstring(core_map("net <1>", mesh, cores, sent))
    texts = [e.text for e in root.iter() if e.tag.endswith("text")]
    assert {"0", "1", "net <1>"} <= set(texts)
    assert sum(e.tag.endswith("line") for e in root.iter()) == 2
    tips = [e.text for e in root.iter() if e.tag.endswith("title")]
    assert tips.count("a < b & c") == 2
    assert "2 spikes a step" in tips
