"""`snncc map`: neurons to cores, cores to places, and what comes of it."""
