"""Weight updates on the CPU."""
