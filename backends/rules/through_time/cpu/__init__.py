"""The rules' kernels on the CPU."""
