"""The spike-train-level rules on a GPU."""
