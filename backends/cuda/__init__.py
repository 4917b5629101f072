"""The Numba-CUDA backend."""
