"""The hand-written loops of the CPU backend; generated code only fills in the neuron step."""
