"""Text in, `ir.graph.Graph` out."""
