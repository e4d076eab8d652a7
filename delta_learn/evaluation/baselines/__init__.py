"""Methods that people use today, re-implemented from their documented rules."""
