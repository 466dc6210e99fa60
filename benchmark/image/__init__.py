"""What stands inside a benchmark image, and how one is built."""
