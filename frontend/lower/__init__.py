"""From the syntax tree to `ir.graph.Graph` and `ir.graph.TrainSpec`."""
