"""What a network is: graph, neuron models, expressions, passes. Knows no language, device or file."""
