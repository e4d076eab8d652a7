"""The block file and what lies in it: sealed, compressed, replaced atomically."""
