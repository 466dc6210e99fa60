"""Commands for authors of query methods."""
