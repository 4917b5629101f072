"""Networks of Xylo: a folder that xylosim runs."""
