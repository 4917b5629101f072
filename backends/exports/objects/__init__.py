"""Networks of integers as object files: LLVM's code of what C says, for chips without a compiler."""
