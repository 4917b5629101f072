"""Learning through time on a GPU."""
