"""A METHOD: its string, its class, its file and the packages it requires."""
