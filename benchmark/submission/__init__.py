"""A METHOD: its string, its class, its file and what it requires."""
