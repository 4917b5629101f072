"""Chips as data: what fits them, and which forms of numbers they have."""
