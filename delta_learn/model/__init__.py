"""A small decoder-only transformer."""
