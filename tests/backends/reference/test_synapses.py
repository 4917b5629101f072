"""The events of synapses in the reference: their order, their number, the time between them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snncc import load

TEXT = """
synapse noted {{
  state n: 1 = 0
  state seen: 1 = 0
  state gone: 1 = 1
  dgone/dt = -gone / 1 ms
  on pre {{ emit weight  n = 2 * n + 1  seen = gone  gone = 1 }}
  on post {{ n = 2 * n  seen = gone  gone = 1 }}
}}
neuron copy {{ state v: mV = 0 mV  on input {{ v = i }}  spike when v > 0 mV }}
network n {{
  dt = 0.5 ms
  delay = 0 ms
  source s[1] : times({0})
  source t[1] : times({1})
  population h[1] : copy
  s -> h : dense(weight = 0) via noted
  t -> h : dense(weight = 1)
}}
run n {{ duration 20 ms  record n of s -> h  record seen of s -> h  record gone of s -> h }}
"""


@pytest.mark.parametrize("target", ["reference", "reference32"])
@pytest.mark.parametrize(
    ("pre", "post", "n", "between"),
    [
        ("[4 ms]", "[]", 1, 4),
        ("[4 ms, 7 ms]", "[]", 3, 3),
        ("[4 ms]", "[6 ms]", 2, 2),
        ("[6 ms]", "[4 ms]", 1, 2),
        ("[6 ms]", "[6 ms]", 2, 0),  # `on pre` comes first
        ("[6 ms, 6 ms, 6 ms]", "[]", 7, 0),  # each spike by itself
    ],
)
def test_events(tmp_path: Path, target: str, pre: str, post: str, n: int, between: int) -> None:
    text = TEXT.format(pre, post.replace("[]", "[99 ms]"))
    (tmp_path / "n.snn").write_text(text)
    held = load(tmp_path / "n.snn", target=target).run().synapses["s->h"]
    assert held["n"].tolist() == [[[n]]]
    assert held["seen"][0, 0, 0] == pytest.approx(np.exp(-between), rel=1e-6)
    times = [float(t.strip("[] ms")) for t in f"{pre},{post}".split(",") if t.strip("[] ms")]
    assert held["gone"][0, 0, 0] == pytest.approx(np.exp(max(times) - 19.5), rel=1e-6)
