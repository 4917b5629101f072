"""The hand-written device code; generated code only fills in the neuron step."""
