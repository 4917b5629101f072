"""Models written out for chips, and for the emulators that others wrote of them."""
