"""The event-driven Numba CPU backend."""
