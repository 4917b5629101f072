"""`--target reference`: a network simulated by NumPy, step by step, slowly and obviously right."""
