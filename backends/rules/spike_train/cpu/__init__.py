"""The spike-train-level rules on the CPU."""
