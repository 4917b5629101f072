"""What learns: a simulator, a rule and an optimizer put together, a device each."""
