"""Image files: which formats are read, what belongs to a file, and whether it is whole."""
