"""Models written out for other runtimes and for hardware."""
