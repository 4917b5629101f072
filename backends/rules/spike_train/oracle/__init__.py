"""The training rules in float64: dense, slow, obviously right. Fast engines are tested by them."""
