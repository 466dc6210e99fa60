"""A file with companions in a folder beside it."""
