"""What a network's readout should be: losses, and their tables for the engines."""
