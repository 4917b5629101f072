"""Golden vectors for hardware: one neuron, one synapse, one layer, the net."""
