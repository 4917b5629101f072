"""Training images transformed at random before they are encoded, the same for every target."""
