"""The base model that the package carries, and how it got there."""
