"""One HTML page about what was recorded, learnt and saved."""
