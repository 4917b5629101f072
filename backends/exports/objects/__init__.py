"""Networks of integers as object files: LLVM's code of what C says, for a chip or this machine."""
