"""Images of RANC and TrueNorth: JSON and packets of its simulator, memories of its circuit."""
