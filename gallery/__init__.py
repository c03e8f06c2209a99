"""A filesystem-first gallery server for AI images."""
