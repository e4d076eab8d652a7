"""Secrets in commands: what they look like, where tools take them, and what stands in their place."""
