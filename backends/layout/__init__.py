"""Networks on cores: what each core holds, packet by packet simulated, and counted again."""
