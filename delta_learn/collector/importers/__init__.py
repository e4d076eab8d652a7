"""Readers of existing histories, one file per format."""
