"""Learning through time: gradients carried back step by step, by a scan of each population."""
