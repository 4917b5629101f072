"""`python -m snncc`."""

from .runtime.cli import main

main()
