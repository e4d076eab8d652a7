"""One training loop, exact to resume."""
