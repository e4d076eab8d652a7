"""How commands come in: redacted, normalised, merged, kept."""
