"""One way to write a program: `snncc fmt`."""
