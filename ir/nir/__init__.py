"""NIR, the exchange format of simulators and chips (Pedersen et al. 2024), as data."""
