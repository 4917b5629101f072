"""Numbers that tables and kernels write for a kind of thing."""

POISSON, BERNOULLI, SPIKES = 0, 1, 2  # encodings
