"""Data, training, artifacts and the command line."""
