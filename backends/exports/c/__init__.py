"""Networks of integers as C99, without a library but <stdint.h>."""
