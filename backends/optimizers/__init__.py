"""How a gradient moves weights: numbers, kernels per device, and the float64 oracle."""
