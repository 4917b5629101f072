"""Invariants of a graph."""

from .graph import PROPERTIES, properties, verify
from .require import GraphError, require

__all__ = ["PROPERTIES", "GraphError", "properties", "require", "verify"]
