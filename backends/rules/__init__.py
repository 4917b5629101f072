"""Training rules, a folder a family."""
