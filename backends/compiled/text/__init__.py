"""Neuron steps and hand-written kernels as the text of one module."""
