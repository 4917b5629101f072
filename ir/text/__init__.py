"""The text form of a graph: what `--emit ir` prints and an artifact keeps."""

from .printer import print_expr, print_graph
from .reader import parse_expr, parse_graph

__all__ = ["parse_expr", "parse_graph", "print_expr", "print_graph"]
