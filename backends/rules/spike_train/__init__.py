"""Spike-train-level rules: ST-RSBP and HM2-BP."""
