"""What its kernels must know."""

AT_ONCE = True
