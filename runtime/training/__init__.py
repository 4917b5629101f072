"""A training run: its loop, its folder, and what comes of it."""
