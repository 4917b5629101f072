"""What expressions, arguments and neuron models mean, and what is wrong with them."""
