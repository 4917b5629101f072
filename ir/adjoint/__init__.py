"""Derivatives of expressions and of neurons' steps, as expressions again."""
