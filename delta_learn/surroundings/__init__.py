"""What lies around a prompt: words that complete a line, whether a line can work here, what it would destroy."""
