"""The built-in sample: the work of an invented person, for whoever has no history to try."""
