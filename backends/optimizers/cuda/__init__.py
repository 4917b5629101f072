"""Weight updates on a GPU."""
