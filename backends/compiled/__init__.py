"""A scheduled graph, and a rule on it, as the flat arrays that compiled kernels read."""
