"""The whole night, and what it leaves behind."""
