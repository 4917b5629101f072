"""What is asked of the integers of a network: entry by entry, and by a chip."""
