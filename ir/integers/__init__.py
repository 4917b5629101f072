"""Networks of integers: what `quantize` makes of a network of floats (docs/integer.md)."""
