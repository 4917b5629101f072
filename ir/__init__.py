"""What a network is: graph, neuron models, passes. Knows no language, device or file format."""
