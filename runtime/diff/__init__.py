"""Two simulations side by side: where they part first, how far, and why."""
