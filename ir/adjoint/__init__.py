"""Derivatives of the steps of neurons, as expressions again."""
