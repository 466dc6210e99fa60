"""Whether this machine can do a run: one finding a line, and the first that would make it fail."""
