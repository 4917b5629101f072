"""`ir.graph.Graph` in, something that runs (or a file) out."""
