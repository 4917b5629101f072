"""What a neuron model is, read from what its author wrote and from the phases of its step."""
