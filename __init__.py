"""snncc: a compiler, trainer and simulator for spiking neural networks."""
