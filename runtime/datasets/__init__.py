"""Data sets: where they lie, how they are fetched, read and checked."""
