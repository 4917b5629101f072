"""A chain of neurons, and trains for it."""

from __future__ import annotations

import numpy as np

CHAIN = """
network chain {
  input x[3] encode ENCODING
  population h[2] : if(v_th = 1 mV)
  output y[2] : lif(tau_mem = 4 ms, tau_syn = 2 ms, v_th = 1 mV)
  x -> h : list(synapses = [[0, 0, 1], [1, 1, 1]])
  h -> y : one_to_one(weight = 4) delay 1 ms
}
"""
TRAINS = np.zeros((2, 5, 3), bool)
TRAINS[0, 1, 0] = TRAINS[1, [0, 2], 1] = True
