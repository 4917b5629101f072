"""The text form of a graph: what `--emit ir` prints and an artifact keeps."""

from .printer import print_expr, print_graph
from .reader import parse_expr, parse_graph, parse_type

__all__ = ["parse_expr", "parse_graph", "parse_type", "print_expr", "print_graph"]
